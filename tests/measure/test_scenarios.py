"""Scripts that do the same every time."""

import pytest

from app.backends.catalogue import BACKENDS
from app.costs.sheet import load_cost_sheet
from app.engine.simulation import Simulation
from app.measure.scenarios import SCENARIOS, Scenario


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_script_comes_to_rest_between_its_rounds_under_every_back_end(scenario: Scenario) -> None:
    for backend in BACKENDS:
        simulation = Simulation(scenario.cpus, backend, load_cost_sheet("sapphire-rapids"))
        for _, stimuli in scenario.times():
            began = simulation.time
            for stimulus in stimuli:
                simulation.apply(stimulus)
            simulation.run(until_idle=True)
            assert 0 < simulation.time - began < scenario.PERIOD
        simulation.check()


def test_rounds_come_one_period_after_the_other() -> None:
    times = [time for time, _ in SCENARIOS["devices"].times()]

    assert times[:3] == [0, Scenario.PERIOD, 2 * Scenario.PERIOD]
    assert len(times) == len(SCENARIOS["devices"].rounds)
