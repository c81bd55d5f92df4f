"""Certificates end, are renewed with overlap, and a list of those that were turned away only ever grows."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from hub import certificates, devices, revocations
from hub.core import Hub
from hub.devices import EnrolledDevice
from hub.feeds import Reader, changes
from hub.problems import HubProblem
from storeapp.adapters.signing import DeviceKey, verify
from storeapp.domain.certificate import check_chain, parse
from storeapp.domain.revocation import MalformedList, RevocationList, signed
from storeapp.domain.revocation import parse as parse_list
from sync.protocol.messages import EnrolRequest, Hello
from sync.protocol.signing import Message, sign
from tests.support.hubs import TurnedClock
from tests.support.hubserver import serving

KEY = DeviceKey(b"d" * 32)


@pytest.fixture
def known(hub: Hub) -> EnrolledDevice:
    code = devices.new_code(hub, store="XH")
    devices.enrol(hub, EnrolRequest(code, "dev-1", KEY.public, b"t" * 32))
    return found(hub)


def found(hub: Hub, device: str = "dev-1") -> EnrolledDevice:
    known = devices.find(hub, device)
    assert known is not None
    return known


def later(hub: Hub, **time: int) -> None:
    assert isinstance(hub.now, TurnedClock)
    hub.now.moment += timedelta(**time)


def hello(hub: Hub, revoked: str = "", incarnation: str = "i1") -> str:
    return devices.hello(hub, found(hub), Hello(incarnation, 0, revocations=revoked)).revocations


def test_a_renewed_certificate_begins_where_the_old_one_did_and_ends_later(hub: Hub, known: EnrolledDevice) -> None:
    old = parse(known.certificate)
    later(hub, days=390)
    new = parse(certificates.renew(hub, "dev-1"))
    root = parse(hub.identity.root_certificate)
    assert check_chain([new, root], root_public_key=root.public_key, verify=verify, at=hub.now()) is None
    assert (new.not_before, new.public_key, new.store) == (old.not_before, old.public_key, "XH")
    assert new.not_after - old.not_after == timedelta(days=390)
    page = changes(hub, Reader("XH", b""), feed="brand", epoch=hub.identity.epoch, after=1, limit=10)
    assert [row.id for row in page.rows] == ["dev-1"]


@pytest.mark.parametrize(("days", "works"), [(400 + 364, True), (400 + 365, False)])
def test_an_expired_key_may_renew_for_a_year(hub: Hub, known: EnrolledDevice, days: int, works: bool) -> None:
    later(hub, days=days)
    if works:
        assert parse(certificates.renew(hub, "dev-1")).not_after > hub.now()
    else:
        with pytest.raises(HubProblem, match="renewal_over"):
            certificates.renew(hub, "dev-1")


class TestOverHttp:
    @pytest.fixture
    def url(self, hub: Hub, known: EnrolledDevice) -> Iterator[str]:
        with serving(hub) as server:
            yield server.url

    def call(self, hub: Hub, url: str, path: str, body: bytes = b"{}") -> httpx.Response:
        message = Message("POST", url + path)
        sign(message, body, key_id="dev-1", signer=KEY.sign, created=hub.now())
        return httpx.post(url + path, content=body, headers=dict(message.headers))

    def test_a_certificate_that_is_over_can_only_greet_and_renew(self, hub: Hub, url: str) -> None:
        later(hub, days=401)
        assert self.call(hub, url, "/v1/commands").json()["code"] == "certificate_over"
        greeting = self.call(hub, url, "/v1/devices/dev-1/hello", b'{"incarnation":"i1","last_seq":0}')
        assert greeting.status_code == 200
        assert self.call(hub, url, "/v1/devices/dev-2/renew").json()["code"] == "bad_signature"
        assert self.call(hub, url, "/v1/devices/dev-1/renew").status_code == 200
        empty = b'{"incarnation":"i1","commands":[]}'
        assert self.call(hub, url, "/v1/commands", empty).status_code == 200

    def test_who_was_turned_away_renews_nothing(self, hub: Hub, url: str) -> None:
        revocations.revoke(hub, "dev-1")
        assert self.call(hub, url, "/v1/devices/dev-1/renew").json()["code"] == "revoked"

    def test_what_it_offers_is_kept_for_a_person(self, hub: Hub, url: str) -> None:
        revocations.revoke(hub, "dev-1")
        problem = self.call(hub, url, "/v1/commands", b'{"incarnation":"i1","commands":[]}').json()
        assert (problem["code"], problem["data"]) == ("revoked", {"kept": 0})


class TestList:
    def test_it_is_empty_until_somebody_is_turned_away(self, hub: Hub, known: EnrolledDevice) -> None:
        assert hello(hub) == ""

    def test_every_revocation_gives_it_the_next_number(self, hub: Hub, known: EnrolledDevice) -> None:
        code = devices.new_code(hub, store="XH")
        devices.enrol(hub, EnrolRequest(code, "dev-2", DeviceKey(b"e" * 32).public, b"t" * 32))
        revocations.revoke(hub, "dev-2")
        found_list = parse_list(hello(hub))
        assert (found_list.number, list(found_list.since)) == (1, ["dev-2"])
        assert found_list.holds(root_public_key=hub.identity.key.public, verify=verify)

    def test_a_hub_that_was_set_back_learns_it_again(self, hub: Hub, known: EnrolledDevice) -> None:
        code = devices.new_code(hub, store="XH")
        devices.enrol(hub, EnrolRequest(code, "dev-2", DeviceKey(b"e" * 32).public, b"t" * 32))
        lost = RevocationList(brand=hub.identity.brand, number=7, since={"dev-2": hub.now()})
        text = hello(hub, signed(lost, hub.identity.key.sign).text())
        assert found(hub, "dev-2").revoked
        assert parse_list(text).number == 8

    def test_an_older_list_and_its_own_teach_nothing(self, hub: Hub, known: EnrolledDevice) -> None:
        told = []
        for name, seed in (("dev-2", b"e"), ("dev-3", b"f")):
            code = devices.new_code(hub, store="XH")
            devices.enrol(hub, EnrolRequest(code, name, DeviceKey(seed * 32).public, b"t" * 32))
            revocations.revoke(hub, name)
            told.append(hello(hub))
        # Whoever keeps an old hello says it again and again: a number that went back would let it be believed.
        for text in (*told, *reversed(told)):
            assert hello(hub, text) == told[-1]
        assert parse_list(told[-1]).number == 2

    @pytest.mark.parametrize("text", ["nonsense", "{}", "[]"])
    def test_nonsense_teaches_nothing(self, hub: Hub, known: EnrolledDevice, text: str) -> None:
        assert hello(hub, text) == ""

    def test_a_list_of_somebody_else_teaches_nothing(self, hub: Hub, known: EnrolledDevice) -> None:
        forged = RevocationList(brand=hub.identity.brand, number=7, since={"dev-1": hub.now()})
        hello(hub, signed(forged, KEY.sign).text())
        assert not found(hub).revoked

    def test_a_text_that_is_not_canonical_is_none(self) -> None:
        text = RevocationList(brand="b", number=1).text()
        assert parse_list(text).number == 1
        with pytest.raises(MalformedList):
            parse_list(text.replace(":", ": ", 1))


def test_a_counter_that_numbers_anew_is_asked_about_and_a_new_one_is_not(hub: Hub, known: EnrolledDevice) -> None:
    def cases() -> list[str]:
        page = changes(hub, Reader("XH", b""), feed="store:XH", epoch=hub.identity.epoch, after=0, limit=10)
        return [row.id for row in page.rows if row.kind == "exception"]

    hello(hub)
    hello(hub)
    assert cases() == []
    hello(hub, incarnation="i2")
    hello(hub, incarnation="i2")
    assert cases() == ["dev-1/i2"]
