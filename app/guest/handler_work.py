"""What handlers do besides ending their interrupt: the same work in every kernel, under one price."""

from app.guest.steps import Work

RESCHEDULE = Work("handler_reschedule", "the scheduler will run on the way out")
CALLED_FUNCTION = Work("handler_call_function", "runs the function it was asked for")
FLUSH = Work("handler_invalidate_tlb", "drops its translations")
TIMER = Work("handler_timer", "does the timer's work")
DEVICE = Work("handler_device", "serves the device")
NMI = Work("handler_nmi", "handles the NMI")
SMI = Work("handler_smi", "the firmware serves the SMI")
