"""A kernel without sockets, called directly by papermill's own notebook client.

The cells run in ipykernel's shell inside the current process; outputs are put together by the
same code as ever, nbclient's, so that they are the same. Only what lies between the two, sockets
and threads, is gone.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import Session
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from traitlets import Type
from traitlets.config import Config

INLINE = "module://matplotlib_inline.backend_inline"

Message = dict[str, Any]


class Wire(Session):
    """A session that keeps its messages in the order sent, as they would arrive by socket."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.replies: deque[Message] = deque()
        self.outputs: deque[Message] = deque()

    def send(
        self,
        stream: object,
        msg_or_type: Message | str,
        content: Message | None = None,
        parent: Message | None = None,
        ident: object = None,
        buffers: list[Any] | None = None,
        track: bool = False,
        header: Message | None = None,
        metadata: Message | None = None,
    ) -> Message:
        message = msg_or_type
        if isinstance(message, str):
            message = self.msg(message, content, parent, header, metadata)
        # through JSON and back, as by socket: keys become strings, tuples lists
        message["content"] = self.unpack(self.pack(message["content"]))
        message["buffers"] = buffers or []
        box = self.replies if message["msg_type"].endswith("_reply") else self.outputs
        box.append(message)
        return message


class Stream(io.TextIOBase):
    """stdout or stderr of the cells, together with what is written to its file descriptor.

    Subprocesses and C code write to the descriptor, which leads to a temporary file; what has
    come there is taken along with every write, so that the order is kept.
    """

    encoding = "UTF-8"

    def __init__(self, name: str, descriptor: int, kernel: Any) -> None:
        self.name = name
        self.kernel = kernel
        self.descriptor = descriptor
        self.process = os.getpid()
        self.lock = threading.RLock()
        self.text: list[str] = []
        self.parent: Message = {}
        self.raw = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.original = os.dup(descriptor)
        os.dup2(self.raw.fileno(), descriptor)
        self.taken = 0

    def fileno(self) -> int:
        return self.original

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self.process:  # a process that a cell has forked
            os.write(self.descriptor, text.encode(errors="replace"))
            return len(text)
        with self.lock:
            self._take_raw()
            self._add(text)
        return len(text)

    def flush(self) -> None:
        if os.getpid() == self.process:
            with self.lock:
                self._take_raw()
                self._send()

    def restore(self) -> None:
        """Lead the descriptor back to where it led before."""
        os.dup2(self.original, self.descriptor)
        os.close(self.original)
        self.raw.close()

    def _take_raw(self) -> None:
        while raw := os.pread(self.raw.fileno(), 1 << 20, self.taken):
            self.taken += len(raw)
            self._add(self.decoder.decode(raw))

    def _add(self, text: str) -> None:
        parent = self.kernel.shell.parent_header  # of the cell, or of the thread's cell
        if parent is not self.parent:
            self._send()
            self.parent = parent
        self.text.append(text)

    def _send(self) -> None:
        if text := "".join(self.text):
            self.text.clear()
            content = {"name": self.name, "text": text}
            self.kernel.wire.send(None, "stream", content, self.parent)


class Shell(ZMQInteractiveShell):
    """ipykernel's shell without the event loops of windows."""

    def enable_gui(self, gui: str | None = None) -> None:
        self.active_eventloop = gui


class SocketlessKernel(IPythonKernel):
    """ipykernel's kernel, called directly; it is its own kernel client."""

    shell_class = Type(Shell)

    def __init__(self) -> None:
        # one thread only: no subshells, and no control channel that could interrupt
        self.wire = Wire()
        super().__init__(
            session=self.wire,
            log=logging.getLogger(__name__),
            shell_channel_thread=SimpleNamespace(parent_thread=None),
            config=Config(HistoryManager={"enabled": False}),
            _execute_sleep=0.0,  # nothing travels by socket that might come later
        )
        self.streams: list[Stream] = []
        self.shell_channel = SimpleNamespace(get_msg=self._reply)
        self.iopub_channel = SimpleNamespace(get_msg=self._output)

    def attach(self) -> None:
        """Belong to this process, which may be forked from the one where the kernel was made."""
        shell: Any = self.shell
        shell.init_ipython_dir(None)
        shell.init_profile_dir(None)
        shell.init_sys_modules()
        shell.history_manager.dir_hist[:] = [Path.cwd()]
        self.streams = [Stream("stdout", 1, self), Stream("stderr", 2, self)]

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing is ever queued."""

    async def execute(self, code: str, **options: Any) -> str:
        """Run a cell to its end; the messages then wait to be fetched."""
        content = {"code": code, "silent": False, "allow_stdin": False, **options}
        request = self.wire.msg("execute_request", content)
        self.set_parent([], request)
        self._publish_status("busy", "shell")
        await self.execute_request(None, [], request)
        for stream in self.streams:  # also when a cell has put others into sys
            stream.flush()
        self._publish_status("idle", "shell")
        return str(request["header"]["msg_id"])

    def kernel_info(self) -> str:
        request = self.wire.msg("kernel_info_request")
        self.wire.send(None, "kernel_info_reply", {"language_info": self.language_info}, request)
        return str(request["header"]["msg_id"])

    async def is_alive(self) -> bool:
        return True

    async def _reply(self, timeout: float | None = None) -> Message:
        return self.wire.replies.popleft()

    async def _output(self, timeout: float | None = None) -> Message:
        return self.wire.outputs.popleft()


ready: list[SocketlessKernel] = []  # one, made in advance for the processes forked from this one


class ForkedClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client, with the kernel in this process."""

    @contextmanager
    def setup_kernel(self, **options: Any) -> Iterator[None]:
        sys_streams = sys.stdout, sys.stderr
        # a log of papermill's is not for the notebook
        handlers, logging.root.handlers = logging.root.handlers, []
        os.environ["MPLBACKEND"] = INLINE
        self.kc = ready.pop() if ready else SocketlessKernel()
        self.kc.attach()
        sys.stdout, sys.stderr = self.kc.streams
        if "" not in sys.path:
            sys.path.insert(0, "")
        try:
            yield
        finally:
            sys.stdout, sys.stderr = sys_streams
            logging.root.handlers = handlers
            for stream in self.kc.streams:
                stream.restore()


class Engine(NBClientEngine):  # type: ignore[misc]
    """See `analysis.engine.ForkedEngine`."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any
    ) -> NotebookNode:
        traits = PapermillNotebookClient.class_trait_names()
        known = {name: value for name, value in options.items() if name in traits}
        if bar := getattr(nb_man, "pbar", None):  # papermill's own, no output of a cell
            bar.fp = os.fdopen(os.dup(2), "w")
            bar.sp = bar.status_printer(bar.fp)
        notebook: NotebookNode = ForkedClient(nb_man, kernel_name=kernel_name, **known).execute()
        return notebook
