"""Batches on Ray: a real cluster of two nodes, which are lost, come back, and take turns."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
from batch_kit import Batch, command, gone, parts, products, run, stamps, told, tree
from ray.cluster_utils import Cluster

import aigc
from aigc.batches import cluster as engine
from aigc.errors import BriefError, ExportError, MissingExtra, ModelError
from aigc.recipe import Recipe

# Ray leaves sockets and pipes of the processes that it starts to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    """Give a cluster of two nodes, of a processor and (on paper) a graphics card each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "everywhere"))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        made = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        try:
            made.add_node(**NODE, num_gpus=1)
            patch.setenv("RAY_ADDRESS", made.address)
            yield made
        finally:
            made.shutdown()


def hands(node: Any) -> list[psutil.Process]:
    """The actors of ours on a node."""
    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    return [child for child in raylet.children() if command(child).startswith("ray::Hand")]


def until(true: Callable[[], object], batch: Batch | None = None, seconds: float = 60) -> None:
    """Wait for something to become true while a batch goes on."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, batch and batch.said()
        assert batch is None or batch.process.poll() is None, batch.said()
        time.sleep(0.02)


def local(briefs: list[dict[str, Any]], outputs: Path, *flags: Path) -> dict[str, bytes]:
    """What the engine of this machine makes of the same briefs; nobody waits for `flags`."""
    batch = Batch(briefs, outputs)
    while batch.process.poll() is None:
        for flag in flags:
            flag.unlink(missing_ok=True)
        time.sleep(0.02)
    return tree(outputs)


def test_two_nodes_make_what_one_machine_makes(nodes: Cluster, tmp_path: Path) -> None:
    briefs = products(8, tmp_path, "at rank sleep 0.2")
    Path(briefs[2]["photo"]).write_text("no picture")
    briefs[4] = told(briefs[4], "at scene refuse")
    batch = Batch(briefs, tmp_path / "ray", engine="ray", workers=None)
    until(lambda: all(hands(node) for node in nodes.list_all_nodes()), batch)
    assert batch.wait() == 3, batch.said()
    assert batch.said().count("done") == 6
    assert "raylet" not in batch.said()  # results only
    assert tree(tmp_path / "ray") == local(briefs, tmp_path / "local")
    assert parts(tmp_path / "ray") == []


@pytest.mark.slow
def test_real_stages_make_the_same_bytes(nodes: Cluster, tmp_path: Path) -> None:
    briefs = products(2, tmp_path)
    for name in ("ray", "local"):
        batch = Batch(briefs, tmp_path / name, engine=name, stages="builtin")
        assert batch.wait(600) == 0, batch.said()
    assert tree(tmp_path / "ray") == tree(tmp_path / "local")


def test_nodes_are_lost_and_come_back(nodes: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "ray"
    flags = [tmp_path / "one", tmp_path / "two"]
    briefs = products(6, tmp_path, "at scene sleep 0.4")
    briefs += [
        told(brief, f"at scene wait {flag}")
        for brief, flag in zip(products(8, tmp_path)[6:], flags, strict=True)
    ]
    (node,) = nodes.worker_nodes
    batch = Batch(briefs, out, engine="ray", workers=None)
    until(lambda: [*out.glob("*/campaign.json")], batch)
    until(lambda: any("Hand.work" in command(each) for each in hands(node)), batch)
    lost = hands(node)
    nodes.remove_node(node, allow_graceful=False)
    assert gone(lost, 10)
    until(flags[0].exists, batch)  # and the other product waits for a worker ...
    time.sleep(1)
    assert not flags[1].exists()
    nodes.add_node(**NODE, num_gpus=1)
    until(flags[1].exists, batch)  # ... which this node has
    for flag in flags:
        flag.unlink()
    assert batch.wait() == 0, batch.said()
    assert tree(out) == local(briefs, tmp_path / "local", *flags)
    assert parts(out) == []


def test_a_killed_driver_leaves_nobody_and_goes_on(nodes: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "ray"
    briefs = products(6, tmp_path, "at scene sleep 0.4")
    batch = Batch(briefs, out, engine="ray", workers=None)
    until(lambda: len([*out.glob("*/campaign.json")]) >= 2, batch)
    left = [hand for node in nodes.list_all_nodes() for hand in hands(node)]
    assert left
    batch.kill("parent")
    assert gone(left, 10)
    before = stamps(out)
    code, said = run(briefs, out, engine="ray", workers=None)
    assert code == 0, said
    assert said.count("kept") >= 2
    assert before.items() <= stamps(out).items()
    assert tree(out) == local(briefs, tmp_path / "local")


def test_actors_that_die_or_hang_are_replaced(nodes: Cluster, tmp_path: Path) -> None:
    briefs = products(5, tmp_path)
    briefs[0] = told(briefs[0], "at scene die")
    briefs[1] = told(briefs[1], f"at scene die {tmp_path / 'once'}")
    briefs[2] = told(briefs[2], "at scene sleep 60")
    code, said = run(briefs, tmp_path / "ray", engine="ray", workers=2, timeout=4)
    assert code == 3, said
    rows = sorted(line for line in said.splitlines() if " failed " in line)
    assert [row[0] for row in rows] == ["1", "3"]
    assert "its worker process has died" in rows[0]
    assert "took longer than 4 s" in rows[1]
    assert said.count(" done ") == 3
    assert "raylet" not in said


def test_an_initialised_ray_is_used_and_left(
    nodes: Cluster, plain_recipe: Recipe, tmp_path: Path
) -> None:
    def stored() -> float:
        free, whole = ray.available_resources(), ray.cluster_resources()
        return whole["object_store_memory"] - free["object_store_memory"]

    briefs = products(6, tmp_path, "at scene sleep 0.3", size=700)
    ray.init(address=nodes.address, log_to_driver=False, logging_level="ERROR")
    try:
        results = aigc.batch(briefs, recipe=plain_recipe, outputs=tmp_path / "ray", engine="ray")
        most = max(stored() for result in results if result.status == "done")
        assert most < 10_000  # bytes; of these campaigns each takes half a million
        picture = ray.put(bytes(500_000))
        until(lambda: stored() > 400_000)  # it would be seen
        del picture
        assert ray.is_initialized()
        until(lambda: ray.available_resources().get("CPU") == 2)  # the actors are gone
    finally:
        ray.shutdown()
    assert len([*(tmp_path / "ray").glob("*/campaign.json")]) == 6


def test_a_cluster_of_its_own_ends_with_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    flag = tmp_path / "flag"
    briefs = products(2, tmp_path)
    briefs[1] = told(briefs[1], f"at scene wait {flag}")
    batch = Batch(briefs, tmp_path / "ray", engine="ray", workers=2)
    until(flag.exists, batch)
    family = batch.family()
    assert len([each for each in family if command(each).startswith("ray::Hand")]) == 2
    pages = [command(each) for each in family if "dashboard/dashboard.py" in command(each)]
    assert all("--disable-frontend" in page for page in pages)
    raylet = next(each for each in family if "raylet/raylet" in command(each))
    assert raylet.environ()["RAY_USAGE_STATS_ENABLED"] == "0"
    os.kill(batch.process.pid, signal.SIGINT)
    assert batch.wait() == 130, batch.said()
    assert gone(family, 5)
    assert "Traceback" not in batch.said()


def test_stages_are_looked_at_where_they_would_run(nodes: Cluster, tmp_path: Path) -> None:
    recipe = Recipe.load(backends={"scene": "diffusion"}, options=["scene.device=cuda"])
    with pytest.raises(ModelError, match=r"scene\.device = 'cuda'"):
        next(aigc.batch(products(1, tmp_path), recipe=recipe, outputs=tmp_path, engine="ray"))
    assert [*tmp_path.glob("*/caption.json")] == []
    assert not ray.is_initialized()


def test_an_output_folder_that_nodes_do_not_share(
    nodes: Cluster, plain_recipe: Recipe, tmp_path: Path
) -> None:
    outputs = "memory://a-folder-of-this-process"
    with pytest.raises(ExportError, match=r"not the same folder on .*NFS"):
        next(aigc.batch(products(1, tmp_path), recipe=plain_recipe, outputs=outputs, engine="ray"))


def test_cards_are_shared_by_fractions(nodes: Cluster, tmp_path: Path) -> None:
    recipe = Recipe.load(backends={"scene": "diffusion"})
    made = engine.Cluster(recipe, str(tmp_path), ("cpu", "gpu"), None, 60, gpus=0.5)
    assert made.workers == {"cpu": 2, "gpu": 2}
    made.close(now=True)
    for wrong in (0, -1, 1.5):
        with pytest.raises(BriefError, match=f"gpus = {wrong}"):
            engine.Cluster(recipe, str(tmp_path), ("gpu",), None, 60, gpus=wrong)


def test_without_ray(plain_recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install 'aigc\[ray\]'"):
        next(aigc.batch([], recipe=plain_recipe, outputs=tmp_path, engine="ray"))
