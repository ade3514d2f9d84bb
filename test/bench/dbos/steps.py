"""Steps a second of DBOS Transact: python steps.py DATABASE_URL WORKFLOWS STEPS. Prints one line of JSON.

Workflows of trivial steps, all in flight at once; as coroutines and as threads, of which the faster one counts.
"""

import asyncio
import json
import sys
import time

from dbos import DBOS, DBOSConfig

url, workflows, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
config: DBOSConfig = {
    "name": "comparison",
    "system_database_url": url,
    "sys_db_pool_size": workflows,
    "max_executor_threads": 2 * workflows,
    "log_level": "ERROR",
}
DBOS(config=config)


@DBOS.step()
async def add_later(number: int) -> int:
    return number + 1


@DBOS.workflow()
async def loop_later(turns: int) -> int:
    number = 0
    for _ in range(turns):
        number = await add_later(number)
    return number


@DBOS.step()
def add(number: int) -> int:
    return number + 1


@DBOS.workflow()
def loop(turns: int) -> int:
    number = 0
    for _ in range(turns):
        number = add(number)
    return number


async def as_coroutines(turns: int) -> list[int]:
    handles = [await DBOS.start_workflow_async(loop_later, turns) for _ in range(workflows)]
    return [await handle.get_result() for handle in handles]


def as_threads(turns: int) -> list[int]:
    handles = [DBOS.start_workflow(loop, turns) for _ in range(workflows)]
    return [handle.get_result() for handle in handles]


def rate(run) -> float:
    run(2)
    started = time.perf_counter()
    assert run(steps) == [steps] * workflows
    return workflows * steps / (time.perf_counter() - started)


DBOS.launch()
rates = {
    "coroutines": rate(lambda turns: asyncio.run(as_coroutines(turns))),
    "threads": rate(as_threads),
}
print(json.dumps(rates), flush=True)
DBOS.destroy()
