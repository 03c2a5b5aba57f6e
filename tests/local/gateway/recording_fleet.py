"""A fleet that keeps what is put into it; its functions answer from servers that stand already."""

from wherry_local.deployment import Deployment, FunctionKey


class Standing:
    """A replica that is a server somewhere."""

    def __init__(self, address):
        self.name = "standing"
        self.address = address
        self.in_flight = 0
        self.pid = None


class StandingReplicas:
    """The replicas of one function; `scaled` has what was asked for."""

    def __init__(self, deployment, address):
        self.deployment = deployment
        self.desired = 1
        self.waiting = 0
        self.fault = None
        self.scaled = []
        self.replicas = [Standing(address)]

    @property
    def available(self):
        return self.desired

    @property
    def in_flight(self):
        return self.replicas[0].in_flight

    def scale_to(self, replicas, why):
        self.scaled.append((replicas, why))
        self.desired = replicas

    def claim_now(self):
        self.replicas[0].in_flight += 1
        return self.replicas[0]

    async def claim(self):
        return self.claim_now()

    def release(self, replica):
        replica.in_flight -= 1


class RecordingFleet:
    """`events` has what happened, in order."""

    def __init__(self, address=("127.0.0.1", 9)):
        self.address = address
        self.events = []
        self.served: dict[FunctionKey, StandingReplicas] = {}

    def find(self, key):
        return self.served.get(key)

    def keys(self):
        return sorted(self.served)

    async def put(self, deployment: Deployment):
        self.events.append(("put", deployment))
        if deployment.key in self.served:
            self.served[deployment.key].deployment = deployment
        else:
            self.served[deployment.key] = StandingReplicas(deployment, self.address)

    async def remove(self, key):
        self.events.append(("remove", key))
        del self.served[key]
