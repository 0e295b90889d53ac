/**
 * What the state is made of. Written from `app/state/shapes.py` by `python -m tests.state.typedefs`.
 *
 * @typedef {object} UnderWayState A step, a run until idle or to a condition, or a way to another moment that takes long
 * @property {"step" | "run_until_idle" | "run_to" | "seek" | "switch_branch"} command
 * @property {number} operations
 * @property {string} words
 *
 * @typedef {object} SleepState It sleeps, or slept until just now
 * @property {boolean} asleep
 * @property {string} words
 *
 * @typedef {object} ThrottledState It does not get the time that it wants
 * @property {number} share
 * @property {string} words
 *
 * @typedef {object} KeptState What there is to say of how the session is kept
 * @property {boolean} open False while nothing can be kept, and what would change the session is refused
 * @property {string} words
 *
 * @typedef {object} ScoreState What the page need not ask for again as long as it stays as it is
 * @property {number} flags How often a flag has come or gone. Flags do not belong to the moment that is shown, but to the session
 *
 * @typedef {object} BreakpointState A condition at which running stops by itself
 * @property {number} breakpoint
 * @property {string} condition
 *
 * @typedef {object} HitState The moment that is shown is one in which a condition has come true
 * @property {string} condition
 * @property {number} tick
 * @property {number} time
 * @property {string} words
 * @property {string} why
 *
 * @typedef {object} BreakpointsState Where a session stops by itself, and the hit that is shown
 * @property {BreakpointState[]} held
 * @property {HitState | null} hit
 *
 * @typedef {object} TimerState The local APIC timer
 * @property {string} mode
 * @property {number} initial_count
 * @property {number} divide
 * @property {number | null} deadline Virtual time
 * @property {string} words
 *
 * @typedef {object} RepeatedRequest A vector, or a port, that stands for several requests
 * @property {number} vector
 * @property {number} times The first request, and those that became one with it: two at least
 *
 * @typedef {object} IcrFields The interrupt command field by field, in the manual's words, and as a sentence
 * @property {string} words
 * @property {string} short As short as a card needs it
 * @property {string} vector
 * @property {"fixed" | "lowest_priority" | "smi" | "reserved_3" | "nmi" | "init" | "startup" | "extint"} delivery_mode
 * @property {"physical" | "logical"} destination_mode
 * @property {"idle" | "send_pending"} delivery_status
 * @property {"assert" | "deassert"} level
 * @property {"edge" | "level"} trigger_mode
 * @property {"none" | "self" | "all_including_self" | "all_excluding_self"} shorthand
 * @property {string} destination
 *
 * @typedef {object} Destinations What one writes into ICR's destination field to name a CPU
 * @property {number} physical
 * @property {number} logical
 * @property {number} group The bits that name a cluster: two logical destinations can be one where these are the same
 *
 * @typedef {object} SharedWord One of the words that a guest without an APIC shares with its hypervisor
 * @property {string} name
 * @property {string} value
 * @property {string} words
 * @property {string} short
 * @property {string} short_value
 *
 * @typedef {object} EventChannelWords All of these words; bit *p* is port *p*
 * @property {string} pending
 * @property {string} masked
 * @property {string} level Ports that need an end by hypercall
 * @property {string} selector The words of 64 ports to look into, since the guest looked last
 * @property {boolean} upcall_pending
 * @property {boolean} upcall_mask
 * @property {SharedWord[]} rows
 *
 * @typedef {object} WaitingVector A vector, or a port, that is requested, and what it waits for
 * @property {number} vector
 * @property {string} gate The first that is closed, by its name in ``hw/gates``; empty when it is taken next
 * @property {string} text
 *
 * @typedef {object} CpuWait What a CPU's code polls or spins for
 * @property {string} words
 * @property {string[]} because Link by link
 * @property {number[]} cpus On whom
 * @property {boolean} for_ever Nothing that is under way can end it
 *
 * @typedef {object} RunningHandler A handler that has begun and not returned
 * @property {number | null} vector null is an NMI's or an SMI's
 * @property {string} name
 * @property {number} since Virtual time
 *
 * @typedef {object} CalledFunction A function on the call stack
 * @property {string} function
 * @property {boolean} overridden By the back end
 * @property {string | null} interrupts The interrupt whose handler begins here, over the functions before it; null where those call it
 *
 * @typedef {object} LastStep The step that a CPU has done last
 * @property {string} kind
 * @property {string} words
 * @property {number} cycles
 * @property {"guest" | "host"} side
 *
 * @typedef {object} CpuState One CPU
 * @property {Record<string, string>} lvt
 * @property {Record<string, string>} lvt_words
 * @property {number[]} lint What drives LINT0 and LINT1
 * @property {TimerState} timer
 * @property {number} cpu
 * @property {number} apic_id
 * @property {"disabled" | "xapic" | "x2apic"} apic_mode
 * @property {string} apic_base IA32_APIC_BASE as RDMSR gives it
 * @property {"running" | "halted" | "wait_for_sipi"} run_state
 * @property {boolean} interrupt_flag
 * @property {boolean} interrupt_shadow
 * @property {boolean} held_off A person holds its interrupts off
 * @property {string} irr
 * @property {string} isr
 * @property {string} tmr
 * @property {string} coalesced Vectors that were requested again while they were requested
 * @property {RepeatedRequest[]} repeated How often, of those vectors; of a guest without an APIC: of ports
 * @property {string} tpr
 * @property {string} ppr
 * @property {string} icr
 * @property {IcrFields} icr_fields
 * @property {string} esr
 * @property {string} svr
 * @property {string} ldr
 * @property {string} dfr
 * @property {Record<string, string>} register_words What registers come to, by the keys that hold their values
 * @property {string[]} alarms Keys of registers whose value tells that something is wrong
 * @property {Destinations} destinations
 * @property {number[]} in_service Vectors, lowest priority first
 * @property {EventChannelWords | null} event_channels Of a guest without an APIC
 * @property {boolean} nmi_pending
 * @property {boolean} smi_pending
 * @property {boolean} init_pending
 * @property {boolean} in_smm
 * @property {"open" | "gate" | "code" | "held"} window Whether interrupts come in, and who keeps them out
 * @property {WaitingVector[]} why
 * @property {CpuWait | null} waits
 * @property {RunningHandler[]} handlers Outermost first
 * @property {CalledFunction[]} call_stack Outermost first
 * @property {string} activity
 * @property {LastStep | null} step
 * @property {boolean} in_host
 * @property {string[]} queued Calls that wait their turn
 *
 * @typedef {object} PinState A pin of the I/O APIC with its redirection entry
 * @property {number} pin
 * @property {number} line
 * @property {string} redirection
 * @property {string} vector
 * @property {"fixed" | "lowest_priority" | "smi" | "reserved_3" | "nmi" | "init" | "startup" | "extint"} delivery_mode
 * @property {"physical" | "logical"} destination_mode
 * @property {string} destination
 * @property {"active_high" | "active_low"} polarity
 * @property {"edge" | "level"} trigger_mode
 * @property {boolean} masked
 * @property {boolean} remote_irr
 * @property {"idle" | "send_pending"} delivery_status
 *
 * @typedef {object} IoApicState The I/O APIC
 * @property {string} id
 * @property {PinState[]} pins
 *
 * @typedef {object} LegacyPicState The pair of 8259s, as far as the model has it: nothing is masked there, and nothing stays in service
 * @property {number[]} up Lines that devices hold up
 * @property {number[]} requested Lines whose requests nobody has acknowledged
 * @property {number} output Of the wire to LINT0 of CPU 0
 *
 * @typedef {object} FlightState A message on its way
 * @property {number} message
 * @property {"ipi" | "io_apic" | "msi" | "hypervisor" | "event_channel" | "eoi_broadcast"} kind
 * @property {number | null} source A CPU; null where something else has sent it
 * @property {number} vector
 * @property {"fixed" | "lowest_priority" | "smi" | "reserved_3" | "nmi" | "init" | "startup" | "extint"} delivery_mode
 * @property {number[]} targets
 * @property {number} sent
 * @property {number} arrives
 *
 * @typedef {object} CaptionState The sentence that tells most of a moment, and what it is about
 * @property {string} words Never empty
 * @property {string} kind What it says, as ``caption.CAPTION_KINDS`` has it
 * @property {number | null} cpu
 * @property {number | null} vector
 * @property {number | null} pin
 *
 * @typedef {object} EndingState What ended otherwise than by acceptance, where, and how often
 * @property {string} kind As an event's
 * @property {number | null} cpu
 * @property {number | null} vector
 * @property {number | null} message
 * @property {number | null} pin
 * @property {string} text
 * @property {number} times The others were equal but for the CPU and the message
 * @property {boolean} fresh Since somebody acted last
 *
 * @typedef {object} LimitState What a recording cannot show, from a line of its file on
 * @property {number} line
 * @property {string} says
 *
 * @typedef {object} RecordingState How far a recording is, and how well the model explains it
 * @property {string} name
 * @property {number} position
 * @property {number} length
 * @property {boolean} finished
 * @property {number} line
 * @property {number} reads_checked
 * @property {number} reads_mismatched
 * @property {number} vectors_checked
 * @property {number} vectors_mismatched
 * @property {number} unexplained Differences of every kind that are no known deviation of the recorder
 * @property {number} checked
 * @property {number} unseen What hangs on something that the file does not show
 * @property {LimitState[]} limits
 *
 * @typedef {object} DifferenceState One difference between a recording and the model
 * @property {number} line
 * @property {number} position Operations done when all of the line is
 * @property {number} time
 * @property {number | null} cpu
 * @property {string | null} recorded
 * @property {string | null} model
 * @property {string | null} why
 * @property {string | null} known_deviation
 * @property {string} text
 *
 * @typedef {object} PairState How far the pair is that a machine is one of
 * @property {number} stimuli
 * @property {number} waiting
 * @property {boolean} paused
 * @property {boolean} at_rest
 *
 * @typedef {object} State All that there is to see of a session
 * @property {boolean} paused
 * @property {number | null} speed Virtual cycles per second of wall time; null is flat out
 * @property {UnderWayState | null} under_way
 * @property {SleepState | null} sleep
 * @property {ThrottledState | null} throttled
 * @property {KeptState | null} kept
 * @property {ScoreState} score
 * @property {BreakpointsState | null} breakpoints None: nobody can set any here
 * @property {number} tick
 * @property {number} head The last tick of the branch
 * @property {number} branch Its number among the courses of the session's history
 * @property {boolean} live The tick is the head
 * @property {string | null} hash Of the model's state: equal exactly when it is equal, in any process. null in a frame
 * @property {string} backend
 * @property {string} backend_remark What the cost sheet leaves out of the back end
 * @property {string} cost_sheet The text that names it: with a "?" when figures were changed by hand
 * @property {Record<string, string>} backends_refused Name to reason
 * @property {string} profile
 * @property {string | null} generation null where nobody knows the kernel
 * @property {string | null} switching_to
 * @property {boolean} demonstration The machine acts by itself
 * @property {boolean} idle
 * @property {Record<string, number>} counters
 * @property {number[]} rates Interrupts that each CPU has taken in the last 10,000 cycles or so
 * @property {CpuState[]} cpus
 * @property {IoApicState} ioapic
 * @property {LegacyPicState} pic
 * @property {FlightState[]} in_flight
 * @property {CaptionState} caption
 * @property {EndingState[]} endings The newest last: six of them at most
 * @property {RecordingState | null} recording
 * @property {DifferenceState[]} [differences] Of a session that follows a recording
 * @property {PairState} [pair] Of a machine that is one of two
 * @property {number} time Virtual time, in TSC cycles
 * @property {number} viewers
 *
 * @typedef {object} EventRecord One event of the stream
 * @property {number} n
 * @property {number} time
 * @property {"sent" | "send_refused" | "questioned" | "accepted" | "merged" | "refused" | "retried" | "no_target" | "acknowledged" | "spurious" | "end_of_interrupt" | "nmi" | "smi" | "returned" | "init" | "startup" | "mode" | "source_dropped" | "register_fault" | "error" | "pin" | "pin_silent" | "interrupt_flag" | "call" | "handler" | "exit" | "leak" | "backend" | "command"} kind
 * @property {number | null} cpu
 * @property {number | null} vector
 * @property {number | null} message
 * @property {number | null} pin Of the I/O APIC, where the event is of one
 * @property {string} text
 *
 * @typedef {object} RuleState Where a gate's rule stands
 * @property {string} section The section of the manual, of a data sheet, or the file
 * @property {string | null} href A path of the server, to the register that decides; null where none does
 *
 * @typedef {object} GateState One gate of a way in
 * @property {string} gate
 * @property {string} name What lets through
 * @property {"passed" | "barred" | "not_reached"} state
 * @property {boolean} open Nothing would be held up here as it stands now, reached or not
 * @property {string} value What it stands at
 * @property {string} words A sentence
 * @property {RuleState} rule
 *
 * @typedef {object} LinkState One sentence of a chain across CPUs
 * @property {string} words
 * @property {number} cpu
 * @property {number | null} vector
 *
 * @typedef {object} LadderState The gates that something passes, in their order, and the sentence that comes of it
 * @property {string} title
 * @property {"vector" | "port" | "source" | "pin" | "message" | "code"} way The list of gates that it is
 * @property {"asked_about" | "coming" | "requested" | "in_service" | "waits" | "runs"} status What it has come to: asked_about is nowhere yet
 * @property {GateState[]} gates
 * @property {LinkState[]} chain Of code that waits: on whom, and on whom that waits in its turn
 * @property {CaptionState} caption
 */

export {};
