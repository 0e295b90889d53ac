"""The option that chooses a profile, for the commands that hold the model against recordings."""

import argparse

from app.hw.profile import DEFAULT_PROFILE, PROFILES


def add_profile_option(parser: argparse.ArgumentParser) -> None:
    """Declares ``--profile``; ``PROFILES[arguments.profile]`` is the choice."""
    parser.add_argument(
        "--profile",
        choices=sorted(PROFILES),
        default=DEFAULT_PROFILE,
        help="what the model does where the manual leaves freedom (default: %(default)s)",
    )
