"""Which internet addresses may be called for a host that a vendor or a tenant named."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
_CLOSED = (
    ip_network("192.0.0.0/24"),  # protocol assignments, in part global to Python 3.11
    ip_network("192.88.99.0/24"),  # the old 6to4 relays
    ip_network("2001::/23"),  # protocol assignments, Teredo among them
    ip_network("2002::/16"),  # 6to4: an IPv4 address, perhaps a private one, in disguise
    ip_network("3fff::/20"),  # documentation
)


def is_public(address: str) -> bool:
    """Whether anybody on the internet may own the address: no private, local or odd one."""
    found = _plain(address)
    if found.version == 6 and found not in _UNICAST:
        return False
    closed = any(found in network for network in _CLOSED if network.version == found.version)
    return found.is_global and not found.is_multicast and not found.is_reserved and not closed


def is_loopback(host: str) -> bool:
    """Whether the name or address means this very machine."""
    try:
        return host == "localhost" or _plain(host).is_loopback
    except ValueError:
        return False


def _plain(address: str) -> IPv4Address | IPv6Address:
    """The IPv4 address inside a mapped or NAT64 one; any other as it is."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found in _NAT64:
            return IPv4Address(int(found) & 0xFFFFFFFF)
    return found
