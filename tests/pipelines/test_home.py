"""The secrets of a home: made once, whole, private, however many processes ask first."""

import subprocess
import sys
from pathlib import Path

from pipelines.home import Home

ASK = """
import os, sys, time
from pathlib import Path
from pipelines.home import Home

def slow_bytes(count):
    time.sleep(0.05)
    return b"".join(os.urandom(1) for _ in range(count))

print(Home(Path(sys.argv[1])).secret("key", lambda: slow_bytes(32)).hex())
"""


def test_processes_that_ask_at_once_get_one_whole_secret(tmp_path: Path) -> None:
    asking = [
        subprocess.Popen([sys.executable, "-c", ASK, str(tmp_path / "home")], stdout=subprocess.PIPE) for _ in range(4)
    ]
    said = [process.communicate(timeout=60)[0].decode().strip() for process in asking]
    assert {len(secret) for secret in said} == {64}
    assert len(set(said)) == 1


def test_a_secret_is_private_and_stays(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    key = home.token_key()
    assert len(key) == 32
    assert Home(tmp_path / "home").token_key() == key
    assert (home.keys / "token.key").stat().st_mode & 0o777 == 0o600
    assert home.keys.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in home.keys.iterdir()] == ["token.key"]


def test_what_a_killed_process_left_of_a_secret_is_none(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    (home.keys / ".token.key.new").write_bytes(b"half")
    assert len(home.token_key()) == 32
