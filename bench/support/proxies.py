# SPDX-License-Identifier: Apache-2.0
"""The gateway and the plain proxies beside it, each with one worker in front of the same upstream."""
import json
import os
import pathlib
import re
import subprocess

from support.context import CannotRun
from support.processes import Server, free_port

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr error; worker_rlimit_nofile {files};
events {{ worker_connections {files}; use epoll; }}
http {{
  access_log off; tcp_nodelay on; server_tokens off; keepalive_requests 1000000000; keepalive_timeout 3600s;
  client_body_buffer_size 16k; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream provider {{ server 127.0.0.1:{upstream} max_fails=0; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 3600s; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass {scheme}://provider; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 3600s;
    }}
  }}
}}
"""

HAPROXY = """
global
  maxconn {half}
  nbthread 1
defaults
  mode http
  timeout client 3600s
  timeout server 3600s
  timeout connect 5s
  http-reuse always
  option http-no-delay
frontend front
  bind 127.0.0.1:{port} backlog 4096
  default_backend provider
backend provider
  server provider 127.0.0.1:{upstream} {tls}
"""


def file_limit():
    import resource
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


class Upstream:
    """bench_upstream, plain or with TLS, and the certificate authority that signed its certificate."""

    def __init__(self, build, folder, core, tls):
        self.scheme = "https" if tls else "http"
        self.authority = folder / "ca.pem"
        arguments = []
        if tls:
            make_certificates(folder)
            arguments = ["--certificate", folder / "leaf.pem", "--key", folder / "leaf.key"]
        self.server = Server(f"upstream-{self.scheme}", [build / "bench/load/bench_upstream", *arguments], folder, core)

    @property
    def port(self):
        return self.server.port

    def stop(self):
        self.server.stop()


def make_certificates(folder):
    """An authority and a certificate of 127.0.0.1."""
    if (folder / "leaf.pem").exists():
        return
    script = """
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=tidegate-bench-ca -days 2
        openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=127.0.0.1
        printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE' > extensions
        openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 2 -extfile extensions
    """
    subprocess.run(["sh", "-ec", script], cwd=folder, check=True, capture_output=True, timeout=60)


def sub_folder(folder, name):
    made = pathlib.Path(folder) / name
    made.mkdir(parents=True)
    return made


class Tidegate:
    """`serve` with one worker and virtual keys, with ledger, metrics and windows as they are by default. Its request log is as off
    as nginx's access log."""
    name = "tidegate"

    def __init__(self, program):
        self.program = program

    def command(self, upstream, folder):
        ledger = folder / "ledger"
        key = subprocess.run([self.program, "keys", "create", "--name", "bench", "--ledger", ledger], check=True, capture_output=True, text=True,
                             timeout=60).stdout.strip()
        self.fields = f"x-api-key: {key}\r\n"
        config = {  # JSON is YAML
            "listen": "127.0.0.1:0", "metrics": {"address": "127.0.0.1:0"}, "admin": {"address": "127.0.0.1:0"},
            "auth": "virtual", "threads": 1, "log": {"level": "warning"}, "ledger": {"directory": str(ledger)},
            "providers": [{"name": "anthropic", "base_url": f"{upstream.scheme}://127.0.0.1:{upstream.port}", "dialect": "anthropic",
                           "keys": [{"env": "BENCH_POOL_KEY"}], "proxy": "none",
                           "connections": {"max": 20000, "max_idle": 512}}],
        }
        if upstream.scheme == "https":
            config["providers"][0]["tls"] = {"ca_file": str(upstream.authority)}
        (folder / "tidegate.yaml").write_text(json.dumps(config))
        return [self.program, "serve", "--config", folder / "tidegate.yaml"]

    def start(self, upstream, folder, core, prefix=(), name=None):
        folder = sub_folder(folder, name or self.name)
        environment = {"PATH": os.environ["PATH"], "BENCH_POOL_KEY": "sk-ant-bench"}
        return Server(name or self.name, [*prefix, *self.command(upstream, folder)], folder, core, environment=environment)


class Nginx:
    name = "nginx"
    fields = "x-api-key: sk-ant-bench\r\n"

    def __init__(self, program):
        self.program = program

    def start(self, upstream, folder, core, prefix=(), name=None):
        folder = sub_folder(folder, name or self.name)
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, upstream=upstream.port, scheme=upstream.scheme, files=file_limit()))
        return Server(name or self.name, [*prefix, self.program, "-p", folder, "-c", folder / "nginx.conf"], folder, core, port=port)


class HaProxy:
    name = "haproxy"
    fields = Nginx.fields

    def __init__(self, program):
        self.program = program

    def start(self, upstream, folder, core, prefix=(), name=None):
        folder = sub_folder(folder, name or self.name)
        port = free_port()
        (folder / "haproxy.cfg").write_text(HAPROXY.format(port=port, upstream=upstream.port, half=file_limit() // 2 - 50,
                                                           tls="ssl verify none" if upstream.scheme == "https" else ""))
        return Server(name or self.name, [*prefix, self.program, "-db", "-f", folder / "haproxy.cfg"], folder, core, port=port)


def load_command(build, proxy, port, *arguments):
    fields = proxy.fields if proxy else Nginx.fields
    words = [build / "bench/load/bench_load", "--port", port, "--fields", fields]
    return [str(word) for word in words + list(arguments)]


def run_load(build, core, proxy, port, connections, mode, interval_us=0, requests=0, seconds=0.0, timeout=300):
    """Runs bench_load and gives what it counted. Every answer must have come whole and right."""
    from support.processes import pin
    fields = (proxy.fields if proxy else Nginx.fields) + (f"x-bench-interval-us: {interval_us}\r\n" if interval_us else "")
    command = [build / "bench/load/bench_load", "--port", port, "--connections", connections, "--mode", mode, "--fields", fields,
               "--requests", requests, "--seconds", seconds]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, check=False, preexec_fn=pin(core))
    found = re.search(r"^\{.*\}$", done.stdout, re.M)
    if done.returncode != 0 or not found:
        raise CannotRun(f"load on {proxy.name if proxy else 'upstream'}: {done.stdout[-500:]}{done.stderr[-500:]}")
    counted = json.loads(found[0])
    if counted["wrong"] + counted["broken"] + counted["refused"] > 0 or counted["completed"] == 0:
        raise CannotRun(f"load on {proxy.name if proxy else 'upstream'} ({mode}, {connections} connections): {counted} {done.stderr[-500:]}")
    return counted
