"""Where an embedded server lives and as whom it runs.

The rule. Everything lives in the state folder that the caller names (``INVEKTO_DATA``, by default
``.invekto`` in the working directory; reading that setting is the caller's part).

* An ordinary user runs the servers as himself, in that folder, with modes 0700 and 0600.
* Under root the servers run as ``nobody``, without groups. Root keeps the folders and files
  (0711 and 0600); only each server's ``data`` folder (0700) belongs to ``nobody``.
* If ``nobody`` may not walk to the state folder (it lies in /root, say), the files live in a new
  folder of root's below ``/var/lib/invekto``, and a link named ``elsewhere`` in the state folder
  points there. Remove the state folder and the next start begins afresh: a path that happens to
  be used again never brings back somebody's old data.
* If ``nobody`` may not run the programs where the wheel put them, they are copied, once per
  version, into the folder above.

We change the mode or the owner of nothing that we did not make.
"""

import os
import pwd
import secrets
import shutil
import stat
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from adapters.embedded.failure import ServerFailed

ELSEWHERE = Path("/var/lib/invekto")
LINK = "elsewhere"
PASSAGE = 0o711
PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Runner:
    """The user a server runs as."""

    uid: int
    gid: int

    @property
    def borrowed(self) -> bool:
        """Whether we are root and lend the servers another user."""
        return self.uid != os.geteuid()

    def may(self, bits: int, path: Path) -> bool:
        """Whether the runner, without further groups, has these rwx bits on the path itself."""
        found = path.stat()
        if found.st_uid == self.uid:
            return (found.st_mode >> 6) & bits == bits
        if found.st_gid == self.gid:
            return (found.st_mode >> 3) & bits == bits
        return found.st_mode & bits == bits

    def reaches(self, path: Path) -> bool:
        """Whether the runner may walk through every folder above the path."""
        return all(self.may(stat.S_IXOTH, folder) for folder in path.resolve().parents)


def runner() -> Runner:
    """Ourselves; under root ``nobody``, because no server of ours ever runs as root."""
    if os.geteuid() != 0:
        return Runner(os.geteuid(), os.getegid())
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise ServerFailed(
            "As root the embedded servers run as the user 'nobody', which this system lacks. "
            "Add that user, or start as an ordinary user."
        ) from None
    return Runner(nobody.pw_uid, nobody.pw_gid)


def settle(folder: Path, who: Runner) -> Path:
    """The folder that really holds the state, made if missing; the rule is at the top."""
    folder = folder.resolve()
    mode = PASSAGE if who.borrowed else PRIVATE
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _make(folder, mode)
    if not who.borrowed or who.reaches(folder / "x"):
        return folder
    link = folder / LINK
    if not link.is_symlink():
        link.symlink_to(ELSEWHERE / secrets.token_hex(8))
    home = Path(os.readlink(link))
    if home.parent != ELSEWHERE:
        raise ServerFailed(f"{link} must point into {ELSEWHERE}, not to {home}. Remove it.")
    ELSEWHERE.parent.mkdir(parents=True, exist_ok=True)
    claim(ELSEWHERE, os.geteuid(), mode)
    return claim(home, os.geteuid(), mode)


def claim(folder: Path, owner: int, mode: int) -> Path:
    """The folder, made with this owner and mode if missing; somebody else's folder is refused."""
    if not os.path.lexists(folder):
        _make(folder, mode)
        if owner != os.geteuid():
            os.chown(folder, owner, -1)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise ServerFailed(
            f"{folder} is not a folder of user {owner} (it belongs to user {found.st_uid}). "
            "Start as the user who made it, or name another INVEKTO_DATA."
        )
    if stat.S_IMODE(found.st_mode) != mode:
        folder.chmod(mode)
    return folder


def _make(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)


def write_private(path: Path, text: str, owner: int) -> None:
    """Replace the file in one step, 0600 and the owner's; readers see the old text or the new."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        if owner != os.geteuid():
            os.fchown(file.fileno(), owner, -1)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def program(distribution: str, pattern: str, home: Path, who: Runner) -> Path:
    """The wheel's program, where the runner may execute it: in place or as a copy in ``home``."""
    try:
        wheel = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        raise ServerFailed(f"The package {distribution} is missing: pip install it.") from None
    site = Path(str(wheel.locate_file("")))
    found = next(iter(sorted(site.glob(pattern))), None)
    if found is None:
        raise ServerFailed(f"{distribution} {wheel.version} has no {pattern} for this machine.")
    if who.reaches(found) and who.may(stat.S_IROTH | stat.S_IXOTH, found):
        return found
    programs = claim(home / "programs", os.geteuid(), PASSAGE)
    copy = programs / f"{distribution}-{wheel.version}"
    if not copy.exists():
        _copy(site, pattern.partition("/")[0], copy)
    return copy / found.relative_to(site)


def _copy(site: Path, package: str, copy: Path) -> None:
    """Copy a package, and the libraries a wheel keeps beside it, readable for everybody."""
    part = copy.with_name(copy.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for name in (package, f"{package}.libs"):
        if (site / name).is_dir():
            unwanted = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
            shutil.copytree(site / name, part / name, ignore=unwanted)
    for path in [part, *part.rglob("*")]:
        path.chmod(0o755)
    part.rename(copy)
