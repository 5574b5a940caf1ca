"""Numbers a topic's identities: made anew, or an in-memory broker restarted, is a new generation."""

from pipelines.home import Home
from pipelines.lake.errors import PartitionsChangedError
from pipelines.lake.manifest import Generation, Manifest


def resolve(home: Home, topic: str, log_id: str, *, partitions: int | None = None) -> int:
    """The generation of this identity, numbered from 1 for each topic; whoever meets it first writes it down.

    Raises:
        PartitionsChangedError: the same topic has another number of partitions than before.
    """
    return resolve_in(Manifest(home), topic, log_id, partitions=partitions)


def resolve_in(manifest: Manifest, topic: str, log_id: str, *, partitions: int | None = None) -> int:
    """As `resolve`, with a manifest already read."""
    with manifest.home.lock("generations", wait=True):
        manifest.refresh()
        known = manifest.generations.get((topic, log_id))
        if known is not None and (partitions is None or known.partitions == partitions):
            return known.generation
        if known is not None and known.partitions is not None:
            raise PartitionsChangedError(topic, known.partitions, partitions or 0)
        number = known.generation if known else 1 + sum(line.topic == topic for line in manifest.generations.values())
        manifest.append(Generation(topic=topic, log_id=log_id, generation=number, partitions=partitions))
        return number
