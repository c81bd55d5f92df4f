"""A planner whose search takes as long as the test wants: solver time is one of the few things that tests play."""

import threading
from dataclasses import replace

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import never
from storeapp.domain.recipe import Method, Recipe

STEP_S = 0.01


class StepPlanner:
    """Gives insertion's plan at once, then one that counts a yuan less for each step, and proves the last."""

    def __init__(self, _limits=None):
        self._steps = threading.Semaphore(0)
        self._ended = False
        self.asked = 0
        self.stopped = 0
        self.closed = False

    def step(self):
        self._steps.release()

    def end(self):
        self._ended = True
        self._steps.release()

    def close(self):
        self.closed = True
        self.end()

    def plans(self, problem, /, stopped=never):
        self.asked += 1
        plan = next(iter(InsertionPlanner().plans(problem)))
        yield plan
        while not self._ended:
            if stopped():
                self.stopped += 1
                return
            if self._steps.acquire(timeout=STEP_S) and not self._ended:
                plan = replace(plan, cost_li=plan.cost_li - 1000)
                yield plan
        yield replace(plan, recipe=Recipe(Method.PROOF))
