"""What a write to ICR or SELF IPI sends (SDM vol. 3, "Issuing Interprocessor Interrupts", "SELF IPI Register")."""

from functools import lru_cache
from typing import assert_never

from app.hw.apic_base import ApicMode
from app.hw.events import CommandQuestioned, Reason, SendRefused
from app.hw.local_apic import LocalApic
from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import ApicBusErrors, LevelTriggeredIpis, LowestPriorityBroadcast, LowestPriorityIpis, Profile
from app.x86.error_status import (
    ESR_RECEIVE_ILLEGAL_VECTOR,
    ESR_REDIRECTABLE_IPI,
    ESR_SEND_ACCEPT,
    ESR_SEND_ILLEGAL_VECTOR,
)
from app.x86.icr import (
    VALID_DELIVERY_MODES,
    DeliveryMode,
    DestinationMode,
    Icr,
    Shorthand,
    TriggerMode,
    breaches,
    is_init_level_deassert,
)
from app.x86.vectors import FIRST_LEGAL_VECTOR

# Python 3.11 takes its time to find a member of an enum: what every IPI asks for is looked up once.
_IPI, _X2APIC, _NORMALISED = Origin.IPI, ApicMode.X2APIC, LevelTriggeredIpis.NORMALISED
_LOWEST_PRIORITY, _NMI = DeliveryMode.LOWEST_PRIORITY, DeliveryMode.NMI
_EDGE, _LEVEL = TriggerMode.EDGE, TriggerMode.LEVEL
_XAPIC_BROADCAST, _X2APIC_BROADCAST = 0xFF, 0xFFFF_FFFF


def send(apic: LocalApic, icr: Icr) -> InterruptMessage | None:
    """The message that *icr* makes, or None with the reason recorded. A bad vector is noticed in the sender's ESR."""
    x2apic = apic.mode is _X2APIC
    reason = reason_not_to_send(icr, apic.profile, x2apic)
    if reason is not None:
        apic.record(SendRefused(apic.cpu, icr.vector, icr.delivery_mode, reason))
        _notice(apic, icr, reason)
        return None
    if icr.delivery_mode > _LOWEST_PRIORITY and icr.delivery_mode is not _NMI:
        # Of the others nobody's result depends on it: Linux itself leaves level at 0 there.
        for breach in breaches(icr):
            apic.record(CommandQuestioned(apic.cpu, icr.vector, icr.delivery_mode, breach))
    apic.sends_in_flight += 1
    return InterruptMessage(
        apic.numbers.take(),
        _IPI,
        apic.cpu,
        icr.vector,
        icr.delivery_mode,
        icr.destination_mode,
        icr.shorthand,
        icr.destination,
        _EDGE if apic.profile.level_triggered_ipis is _NORMALISED else _kept_trigger(icr),
        x2apic,
    )


def arrived(apic: LocalApic, *, taken: bool, retried: bool) -> None:
    """What *apic* learns of its IPI once the bus is done with it: whether anybody took it, or the bus tries again."""
    if not retried and apic.sends_in_flight:
        apic.sends_in_flight -= 1
    if not taken and apic.profile.apic_bus_errors is ApicBusErrors.SEND_ACCEPT:
        apic.notice_error(ESR_SEND_ACCEPT)


def _kept_trigger(icr: Icr) -> TriggerMode:
    """Level means something for fixed and lowest-priority delivery only."""
    return icr.trigger_mode if icr.delivery_mode <= DeliveryMode.LOWEST_PRIORITY else _EDGE


@lru_cache(maxsize=4096)
def reason_not_to_send(icr: Icr, profile: Profile, x2apic: bool) -> Reason | None:
    """Why an APIC of *profile* sends nothing for *icr*; None when it sends."""
    mode = icr.delivery_mode
    if mode not in VALID_DELIVERY_MODES[Shorthand.NONE]:
        return Reason.RESERVED_DELIVERY_MODE
    if mode is DeliveryMode.LOWEST_PRIORITY and not _sends_lowest_priority(profile, x2apic):
        return Reason.LOWEST_PRIORITY_UNSUPPORTED
    if icr.vector < FIRST_LEGAL_VECTOR and mode <= DeliveryMode.LOWEST_PRIORITY:
        return Reason.ILLEGAL_VECTOR
    if is_init_level_deassert(icr):  # whatever its shorthand: the manual asks for "all including self"
        return Reason.INIT_DEASSERT
    if mode not in VALID_DELIVERY_MODES[icr.shorthand]:
        return Reason.INVALID_COMBINATION
    return _not_as_it_stands(icr, profile, x2apic)


def _sends_lowest_priority(profile: Profile, x2apic: bool) -> bool:
    match profile.lowest_priority_ipis:
        case LowestPriorityIpis.SUPPORTED:
            return True
        case LowestPriorityIpis.NOT_IN_X2APIC:
            return not x2apic
        case LowestPriorityIpis.UNSUPPORTED:
            return False
        case unknown:
            assert_never(unknown)


def _not_as_it_stands(icr: Icr, profile: Profile, x2apic: bool) -> Reason | None:
    """What is valid in the manual's table and still not sent."""
    broadcast = _X2APIC_BROADCAST if x2apic else _XAPIC_BROADCAST
    if (
        icr.delivery_mode is DeliveryMode.LOWEST_PRIORITY
        and (icr.shorthand, icr.destination_mode, icr.destination)
        == (Shorthand.NONE, DestinationMode.PHYSICAL, broadcast)
        and profile.lowest_priority_broadcast is LowestPriorityBroadcast.REFUSED
    ):
        return Reason.LOWEST_PRIORITY_BROADCAST
    kept = profile.level_triggered_ipis is LevelTriggeredIpis.KEPT_UNLESS_DEASSERTED
    if kept and _kept_trigger(icr) is _LEVEL and not icr.level:
        return Reason.LEVEL_DEASSERT
    return None


def _notice(apic: LocalApic, icr: Icr, reason: Reason) -> None:
    if reason is Reason.LOWEST_PRIORITY_UNSUPPORTED:
        apic.notice_error(ESR_REDIRECTABLE_IPI)
    elif reason is Reason.ILLEGAL_VECTOR:
        apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)
        if icr.shorthand is Shorthand.SELF:  # sender and receiver are one
            apic.notice_error(ESR_RECEIVE_ILLEGAL_VECTOR)
