# SPDX-License-Identifier: Apache-2.0
"""The storm S1 in real time: the simulator with three organisations, gateways in front of it, and `tidegate-sim score` before them."""
import json
import os
import pathlib
import secrets
import subprocess

from support.context import CannotRun
from support.processes import Server, cores, free_port

TENANTS = ("anna", "bert", "crawl", "digest", "embed")
KEYS = [f"sk-ant-storm-{number}@org-{number}" for number in (1, 2, 3)]  # each of an organisation of its own
MODEL = "claude-sonnet-5"
LIMITS = {"requests": 100, "input_tokens": 200_000, "output_tokens": 40_000}  # of storm_c, a minute; the operator knows his tier
BUDGETS = (60, 540)  # seconds that an interactive and a batch request may wait, at speed 1


def start_simulator(build, folder, speed, seed, name="simulator"):
    # At 60 tokens a second three a piece are twenty events; faster, as many events a second.
    command = [build / "sim/tidegate-sim", "--preset", "storm_c", "--speed", speed, "--seed", seed, "--tokens-per-event", max(3, round(1.5 * speed))]
    return Server(name, command, folder, cores()[1])


class TidegateGateway:
    """`serve` with one worker, virtual keys of five tenants, and the three provider keys in one pool."""
    name = "tidegate"

    def __init__(self, build, simulator, folder, speed, knows_limits=True):
        program, ledger = build / "src/app/tidegate", folder / "ledger"
        self.arguments = []
        for tenant in TENANTS:
            made = subprocess.run([program, "keys", "create", "--tenant", tenant, "--name", tenant, "--ledger", ledger], capture_output=True, text=True,
                                  timeout=120, check=False)
            if made.returncode != 0:
                raise CannotRun(f"tidegate keys create: {made.stderr}")
            self.arguments += ["--key", f"{tenant}={made.stdout.strip()}"]
        interactive, batch = (f"{seconds / speed:g}s" for seconds in BUDGETS)
        config = {  # JSON is YAML
            "listen": "127.0.0.1:0", "metrics": {"address": "127.0.0.1:0"}, "admin": {"address": "127.0.0.1:0"}, "auth": "virtual", "threads": 1,
            "ledger": {"directory": str(ledger)}, "log": {"level": "warning"},
            "admission": {"max_wait": interactive, "batch_max_wait": batch},
            "providers": [{"name": "anthropic", "base_url": f"http://127.0.0.1:{simulator.port}", "dialect": "anthropic", "proxy": "none",
                           "keys": [{"env": f"STORM_KEY_{number}"} for number in range(len(KEYS))]}],
        }
        if knows_limits:
            config["providers"][0]["limits"] = [{dimension: limit * speed for dimension, limit in LIMITS.items()}]
        (folder / "tidegate.yaml").write_text(json.dumps(config))
        environment = {"PATH": os.environ["PATH"]} | {f"STORM_KEY_{number}": key for number, key in enumerate(KEYS)}
        command = [program, "serve", "--config", folder / "tidegate.yaml", *(["--test-time-scale", speed] if speed != 1 else [])]
        self.server = Server(self.name, command, folder, cores()[0], environment=environment)
        self.port = self.server.port

    def stop(self):
        self.server.stop()


class LiteLlmGateway:
    """LiteLLM's proxy with its default router settings: one model with three deployments, one for each key."""
    name = "litellm"

    def __init__(self, program, simulator, folder):
        config = {"model_list": [{"model_name": MODEL, "litellm_params": {
            "model": f"anthropic/{MODEL}", "api_base": f"http://127.0.0.1:{simulator.port}", "api_key": key}} for key in KEYS]}
        (folder / "litellm.yaml").write_text(json.dumps(config))
        master_key = f"sk-{secrets.token_hex(32)}"  # it does not start without one
        self.arguments = ["--key", master_key]
        environment = {"PATH": f"{pathlib.Path(program).parent}:{os.environ['PATH']}", "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                       "HOME": str(folder), "DISABLE_ADMIN_UI": "True", "NO_PROXY": "*",
                       "LITELLM_MASTER_KEY": master_key}
        self.port = free_port()
        command = [program, "--config", folder / "litellm.yaml", "--host", "127.0.0.1", "--port", self.port, "--telemetry", "False"]
        self.server = Server(self.name, command, folder, cores()[0], port=self.port, environment=environment)

    def stop(self):
        self.server.stop()


def begin_score(build, gateway, simulator, speed, seed, *arguments):
    command = [build / "sim/tidegate-sim", "score", f"http://127.0.0.1:{gateway.port}", "--control", f"http://127.0.0.1:{simulator.port}",
               "--speed", speed, "--seed", seed, "--model", MODEL, "--json", *gateway.arguments, *arguments]
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end_score(process, gateway, timeout):
    try:
        said, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise CannotRun(f"score of {gateway.name} took longer than {timeout} s") from error
    if process.returncode != 0:
        raise CannotRun(f"score of {gateway.name}: {errors[-2000:]}\n{gateway.server.errors()}")
    return json.loads(said)
