"""Chromium without a window, spoken to over a pipe (the DevTools protocol); no package needed."""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find():
    """The program, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Chromium:
    """A browser with one page. What it said and asked for since `open` is in `said`, `asked`."""

    def __init__(self, program, patience=60):
        self.patience = patience
        self.profile = tempfile.mkdtemp(prefix="parprime-chromium-")
        read_here, write_there = os.pipe()
        read_there, self.to = os.pipe()
        # Chromium reads from its descriptor 3 and writes to its 4, whatever these are here.
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                   "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                   "--user-data-dir=" + self.profile, "--remote-debugging-pipe", "about:blank"]
        script = 'exec 3<&%d 4>&%d; exec "$@"' % (read_there, write_there)
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(["bash", "-c", script, "-"] + command,
                                        pass_fds=(read_there, write_there),
                                        stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, start_new_session=True)
        os.close(read_there)
        os.close(write_there)
        self.source = read_here
        self.buffer = b""
        self.number = 0
        self.said, self.asked, self.events = [], [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        for end in (self.to, self.source):
            os.close(end)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # whatever is left of it
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _message(self, end):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.source], [], [], max(0, end - time.monotonic()))
            got = os.read(self.source, 1 << 20) if ready else b""
            if not got:
                self.log.seek(0)
                raise RuntimeError("Chromium does not answer: "
                                   + self.log.read()[-2000:].decode(errors="replace"))
            self.buffer += got
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def _note(self, message):
        method, told = message.get("method"), message.get("params", {})
        self.events.append(method)
        if method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif method == "Log.entryAdded":
            self.said.append(told["entry"]["level"] + ": " + told["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.said.append(told["type"] + ": " + str(told["args"]))
        elif method == "Runtime.exceptionThrown":
            self.said.append("exception: " + str(told["exceptionDetails"]))

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + self.patience
        while True:
            answer = self._message(end)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(method + ": " + str(answer["error"]))
                return answer["result"]
            self._note(answer)

    def open(self, url, width=1100, height=900, dark=False):
        """Opens a page and waits until all of it is there."""
        self.said, self.asked, self.events = [], [], []
        self.show(width, height, dark)
        self.call("Page.navigate", url=url)
        end = time.monotonic() + self.patience
        while "Page.loadEventFired" not in self.events:
            self._note(self._message(end))
        self.value("document.fonts.ready.then(() => 1)")

    def show(self, width, height=900, dark=False):
        """A window of another size, in light or dark."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def value(self, expression):
        """What a JavaScript expression is, as JSON."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def picture(self, path):
        """The whole page as a PNG file."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
