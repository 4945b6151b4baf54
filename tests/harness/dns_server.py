"""A DNS server on loopback whose answers a test chooses."""

from __future__ import annotations

import socket
import threading
from collections import defaultdict

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class DnsServer:
    """Answers over UDP; `records` has lists of texts by (name, type): each query takes the next one, the last stays."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[list[str]]] = {}
        self.queries: dict[tuple[str, str], int] = defaultdict(int)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> DnsServer:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._socket.close()

    def set(self, name: str, kind: str, *answers: list[str]) -> None:
        """The answers to the first, the second query and so on; the last one stays."""
        self.records[name, kind] = list(answers)
        self.queries.clear()

    def _serve(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(4_096)
                self._socket.sendto(self._answer(data), sender)
            except OSError:
                return

    def _answer(self, data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        question = query.question[0]
        place = (question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype))
        self.queries[place] += 1
        answers = self.records.get(place, [])
        values = (answers.pop(0) if len(answers) > 1 else answers[0]) if answers else []
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if values:
            response.answer.append(dns.rrset.from_text_list(question.name, 1, "IN", place[1], values))
        elif not any(name == place[0] for name, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()
