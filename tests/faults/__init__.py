"""Whatever dies, nothing is lost and nothing is done twice.

A whole house runs as its supervisor starts it, customers write at the sandboxes, and processes are
killed with SIGKILL meanwhile. Afterwards what the vendor saw and what the database holds must tell
one story.

    make faults                                        2,000 webhooks, 60 kills and more
    python -m tests.faults --seeds 3 --webhooks 500    other seeds, another length

The short form is part of `make test`.
"""
