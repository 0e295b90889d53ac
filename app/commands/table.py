"""Every command there is: the families' unions are the only lists of them."""

from typing import get_args

from app.commands.guest import GuestCommand
from app.commands.lines import LineCommand
from app.commands.machine import MachineCommand
from app.commands.registers import RegisterCommand
from app.commands.transport import TransportCommand

Command = GuestCommand | RegisterCommand | LineCommand | MachineCommand | TransportCommand

#: In the order in which people are told of them.
COMMANDS: tuple[type[Command], ...] = get_args(Command)

#: By the wire's names.
COMMAND_KINDS: dict[str, type[Command]] = {command.kind: command for command in COMMANDS}
