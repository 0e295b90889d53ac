"""The pair of 8259s, edge-triggered and in automatic EOI mode, with their output wired to LINT0 of CPU 0."""

PRIORITY = [0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 3, 4, 5, 6, 7]


class LegacyPic:
    def __init__(self) -> None:
        self.line_is_up = dict.fromkeys(PRIORITY, False)
        self.edge_waits = dict.fromkeys(PRIORITY, False)
        self.held_by_hand = False

    def drive_line(self, line: int, level: bool) -> None:
        if level and not self.line_is_up[line]:
            self.edge_waits[line] = True
        if not level:
            self.edge_waits[line] = False
        self.line_is_up[line] = level

    def output(self) -> bool:
        return self.held_by_hand or any(self.edge_waits.values())

    def acknowledge(self) -> int:
        for line in PRIORITY:
            if self.edge_waits[line]:
                self.edge_waits[line] = False
                return 0x20 + line
        return 0x27
