"""`python -m gatekeeper` is `gate`."""

from gatekeeper.cli import main

if __name__ == "__main__":
    main()
