"""`python -m relay` is the same as `relay`."""

from relay.cli.main import main

if __name__ == "__main__":
    main()
