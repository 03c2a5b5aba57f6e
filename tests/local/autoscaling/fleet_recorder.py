"""A fleet whose replicas are ready at once, with a clock that is set by hand."""

from wherry_local.autoscaling.load import Load
from wherry_local.deployment import Deployment, FunctionKey


class Clock:
    """Seconds; `step` of them go by whenever it is looked at."""

    def __init__(self):
        self.now = 1000.0
        self.step = 0.0

    def __call__(self):
        self.now += self.step
        return self.now


class RecordedReplicas:
    """Keeps the numbers that it was scaled to."""

    def __init__(self, key, policy, clock):
        self.load = Load(clock)
        self.desired = max(policy.least, policy.initial)
        self.deployment = Deployment(key=key, scale=policy)
        self.numbers = [self.desired]
        self.reasons = []

    @property
    def available(self):
        return self.desired

    def scale_to(self, replicas, why):
        if replicas != self.desired:
            self.desired = replicas
            self.numbers.append(replicas)
            self.reasons.append(why)

    def redeploy(self, policy):
        self.deployment = Deployment(key=self.deployment.key, scale=policy)

    def enter(self, calls=1):
        """Calls come; the first of a function that sleeps starts a replica."""
        for _ in range(calls):
            self.load.enter()
            if self.desired == 0:
                self.scale_to(max(1, self.deployment.scale.wake), "a call waits")

    def leave(self, calls=1):
        for _ in range(calls):
            self.load.leave()


class RecordedFleet:
    def __init__(self):
        self.clock = Clock()
        self.looks = 0
        self._functions = {}

    def add(self, name, policy):
        key = FunctionKey(name)
        made = RecordedReplicas(key, policy, self.clock)
        self._functions[key] = made
        return made

    def remove(self, name):
        del self._functions[FunctionKey(name)]

    def find(self, key):
        return self._functions.get(key)

    def keys(self):
        self.looks += 1
        return sorted(self._functions)
