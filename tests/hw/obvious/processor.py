"""The CPU behind a local APIC: what by-passes the vectors, NMI, SMI, INIT, SIPI and ExtINT, and what it takes next."""


class Processor:
    """Signals are latched when they come; INIT and SIPI act by themselves, the rest when the CPU is told to take it."""

    def __init__(self, number: int) -> None:
        self.id = number
        self.run_state = "running"
        self.interrupt_flag = False
        self.flag_outside_smm = False
        self.shadow = False  # of an STI: nothing comes in before the next instruction has ended
        self.nmi_pending = 0
        self.nmi_running = False
        self.nmi_count = 0
        self.smi_pending = False
        self.in_smm = False
        self.init_pending = False
        self.sipi_pending = False
        self.init_performed = False  # since the machine last looked; the I/O APIC then looks at its pins
        self.external_pending = False  # an ExtINT message has come

    # ------------------------------------------------------------ what the APIC says

    def reset_registers(self) -> None:
        """INIT resets the APIC too."""
        raise NotImplementedError

    def deliverable(self) -> int | None:
        """The vector that the APIC offers."""
        raise NotImplementedError

    def external_requested(self) -> bool:
        """Whether an ExtINT waits, from a message or from a LINT pin."""
        raise NotImplementedError

    # ------------------------------------------------------------ latches

    def latch_nmi(self) -> None:
        """One executing and one waiting, or two waiting; more of them merge."""
        limit = 1 if self.nmi_running else 2
        if self.nmi_pending < limit:
            self.nmi_pending += 1

    def latch_init(self) -> None:
        """Throws an untaken SIPI away. Performed at once, unless the CPU is in SMM or about to go there."""
        self.init_pending = True
        self.sipi_pending = False
        self.perform_what_waited()

    def perform_what_waited(self) -> None:
        """SMI goes before INIT, and in SMM or behind an STI INIT waits; a SIPI that came behind it acts after it."""
        if self.in_smm or self.shadow or self.arrival() == "SMI":
            return
        if self.init_pending:
            self.perform_init()
        if self.sipi_pending:
            self.start()

    def perform_init(self) -> None:
        """As reset, but ID, mode and base stay; only the bootstrap processor goes on running."""
        self.reset_registers()
        self.init_pending = False
        self.nmi_pending = 0
        self.nmi_running = False
        self.smi_pending = False
        self.external_pending = False
        self.interrupt_flag = False
        self.shadow = False
        self.run_state = "running" if self.id == 0 else "wait_for_sipi"
        self.init_performed = True

    def latch_sipi(self) -> None:
        """Only a CPU that waits for it, or will when INIT is performed, takes it; in SMM it is lost."""
        will_wait = self.init_pending and self.id != 0
        if not self.in_smm and (self.run_state == "wait_for_sipi" or will_wait):
            self.sipi_pending = True
            self.perform_what_waited()

    def start(self) -> None:
        """The SIPI acts."""
        self.sipi_pending = False
        self.run_state = "running"

    # ------------------------------------------------------------ at an instruction boundary

    def arrival(self) -> str | None:
        """What a CPU that executes instructions takes next: SMI before NMI before interrupts."""
        if self.run_state != "running" or self.shadow:
            return None
        if not self.in_smm and self.smi_pending:
            return "SMI"
        if not self.in_smm and self.nmi_pending > 0 and not self.nmi_running:
            return "NMI"
        if self.interrupt_flag and (self.external_requested() or self.deliverable() is not None):
            return "interrupt"
        return None

    def take_nmi(self) -> None:
        """The CPU enters its NMI handler."""
        if self.arrival() != "NMI":
            raise ValueError("no NMI is deliverable")
        self.nmi_pending -= 1
        self.nmi_running = True
        self.nmi_count += 1

    def take_smi(self) -> None:
        """The CPU enters SMM, with interrupts off."""
        if self.arrival() != "SMI":
            raise ValueError("no SMI is deliverable")
        self.smi_pending = False
        self.in_smm = True
        self.flag_outside_smm = self.interrupt_flag
        self.interrupt_flag = False

    def resume_from_smm(self) -> None:
        """The CPU leaves SMM, and what waited for that is performed."""
        self.in_smm = False
        self.interrupt_flag = self.flag_outside_smm
        self.shadow = False
        self.perform_what_waited()

    # ------------------------------------------------------------ instructions

    def sti(self) -> None:
        """Interrupts are on, but nothing comes in before the instruction behind this one has ended."""
        if not self.interrupt_flag:
            self.interrupt_flag = True
            self.shadow = True

    def cli(self) -> None:
        """Interrupts are off."""
        self.interrupt_flag = False
        self.end_instruction()

    def end_instruction(self) -> None:
        """What waited for the end of the instruction behind an STI is performed."""
        self.shadow = False
        self.perform_what_waited()
