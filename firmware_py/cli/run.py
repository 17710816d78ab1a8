"""Be the instrument in the box: wait for the start button, play, finish, and wait again."""

import argparse

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: a box is set by its configuration."""
    parser.epilog = "Settings: /etc/hand-dance/config.toml, then hand-dance.toml on the boot partition."


def run(args: argparse.Namespace, config: Config) -> int:
    """Serve until told to end."""
    from firmware_py.session.appliance import serve
    from firmware_py.session.logs import log_to_where_it_is_read

    log_to_where_it_is_read()
    serve(config, args.complaint)
    return 0
