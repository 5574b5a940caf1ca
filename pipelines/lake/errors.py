"""Why the lake refuses to go on; each message is one sentence that says what to do."""


class LakeError(RuntimeError):
    """Anything wrong with the lake."""


class ManifestCorruptError(LakeError):
    """A complete line of the manifest is not what was written."""


class ManifestMissingError(LakeError):
    """Landed files are there, but the manifest that lists them is not, or lists too few."""


class FencedError(LakeError):
    """Another landing went on while this one slept; nothing more of this one may be published."""


class LogError(LakeError):
    """The log is not the continuation of what was landed from it."""


class OffsetGapError(LogError):
    """Records of this log are gone before they were landed."""

    def __init__(self, topic: str, partition: int, expected: int, found: int) -> None:
        self.expected = expected
        self.found = found
        super().__init__(
            f"{topic} partition {partition}: offsets {expected} to {found - 1} are gone from Kafka and were never "
            "landed; bring the broker's data back, or go on without them with `laddstrom land --accept-loss`"
        )


class OffsetRegressionError(LogError):
    """The log ends before what was landed from it."""

    def __init__(self, topic: str, partition: int, landed: int, end: int) -> None:
        super().__init__(
            f"{topic} partition {partition} ends at offset {end}, but offsets up to {landed} were landed from this "
            "same log, so its data was rolled back; bring the broker's data back, or delete the topic: a new one is "
            "a new generation"
        )


class PartitionsChangedError(LogError):
    """The topic got more partitions, so stations moved and lost their order."""

    def __init__(self, topic: str, known: int, found: int) -> None:
        super().__init__(
            f"{topic} has {found} partitions, but {known} when it was first met: stations moved between them and their "
            "order is lost; let the topic be made anew with the number you want"
        )


class LogReplacedError(LogError):
    """The topic was made anew while it was being landed."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"{topic} was made anew while it was being landed; run `laddstrom land` again")


class FactUnreadableError(LakeError):
    """A record of a fact topic is not a fact of ours."""

    def __init__(self, topic: str, partition: int, offset: int, why: str) -> None:
        super().__init__(
            f"{topic} partition {partition} offset {offset} is not a fact this version can read ({why}); "
            "let only the worker of this version write there, or report it as a defect"
        )


class FileDamagedError(LakeError):
    """A landed file is missing, or its bytes are not those that were written."""
