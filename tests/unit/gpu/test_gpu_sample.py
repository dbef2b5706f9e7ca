from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pynvml
import pytest
from recorded_nvml import GIB, Card, RecordedNvml

from workbench.gpu import host as host_module
from workbench.gpu import nvml as nvml_module
from workbench.gpu.host import free_disk_bytes
from workbench.gpu.sample import GpuProcess, Sampler

NOT_SUPPORTED = pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)


def test_this_machine_with_or_without_a_gpu(home: Path) -> None:
    sampler = Sampler()
    machine = sampler.sample(processes=True)
    assert bool(machine.gpus) == (machine.gpu_absence is None)
    for gpu in machine.gpus:
        assert 0 <= gpu.used_gib <= gpu.total_gib
    host = machine.host
    assert host.name == os.uname().nodename and host.cores >= 1
    assert 0 < host.ram_used_gib < host.ram_total_gib
    assert host.ram_total_gib <= psutil.virtual_memory().total / GIB
    assert host.disk_free_gib > 0 and host.load >= 0
    sampler.close()


def test_the_cpu_share_is_that_since_the_look_before(home: Path) -> None:
    sampler = Sampler()
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        pass
    assert sampler.sample().host.cpu_percent > 100 / (os.cpu_count() or 1) / 2


def test_memory_of_a_process(home: Path) -> None:
    code = "data = b'x' * 200 * 1024**2; print(len(data), flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline()
    sampler = Sampler()
    assert 200 / 1024 < sampler.process_gib(process.pid) < 300 / 1024
    assert sampler.process_gpu_gib(process.pid) is None
    process.communicate(b"\n")
    assert sampler.process_gib(process.pid) == 0.0


def test_all_that_a_gpu_tells(home: Path) -> None:
    me = os.getpid()
    card = Card(processes=[(4194305, 1 * GIB), (me, 39 * GIB), (4194306, None)])
    sampler = Sampler(RecordedNvml(card, Card(name=b"NVIDIA A10G", memory=(0, 22 * GIB), old_driver=True)))
    machine = sampler.sample()
    first, second = machine.gpus
    assert machine.gpu_absence is None
    assert (first.index, first.name, first.used_gib, first.total_gib) == (0, "NVIDIA H100 80GB HBM3", 41, 80)
    assert (first.utilisation, first.power_w, first.power_limit_w, first.temperature_c) == (87, 512, 700, 61)
    assert first.processes == []
    assert (second.index, second.name, second.total_gib) == (1, "NVIDIA A10G", 22)
    processes = sampler.sample(processes=True).gpus[0].processes
    assert processes == [
        GpuProcess(me, psutil.Process(me).name(), 39.0),
        GpuProcess(4194305, "process 4194305 (not visible here)", 1.0),
        GpuProcess(4194306, "process 4194306 (not visible here)", None),
    ]
    assert sampler.process_gpu_gib(me) == 39.0
    assert sampler.process_gpu_gib(4194306) is None


def test_a_gpu_that_tells_little_and_shares_the_hosts_memory(home: Path) -> None:
    card = Card(
        memory=NOT_SUPPORTED,
        utilisation=NOT_SUPPORTED,
        power=pynvml.NVMLError(pynvml.NVML_ERROR_NO_PERMISSION),
        limit=NOT_SUPPORTED,
        temperature=NOT_SUPPORTED,
        processes=NOT_SUPPORTED,
        name="NVIDIA GB10\x1b[31m",
    )
    machine = Sampler(RecordedNvml(card)).sample(processes=True)
    (gpu,) = machine.gpus
    assert gpu.name == "NVIDIA GB10"
    assert gpu.total_gib == machine.host.ram_total_gib
    assert gpu.utilisation is gpu.power_w is gpu.power_limit_w is gpu.temperature_c is None
    assert gpu.processes == []


def test_mig_instances_stand_in_place_of_their_gpu(home: Path) -> None:
    slices = [
        Card(
            name=f"NVIDIA A100 MIG {size}g.{size * 5}gb",
            memory=(1 * GIB, size * 5 * GIB),
            utilisation=NOT_SUPPORTED,
            power=NOT_SUPPORTED,
            temperature=NOT_SUPPORTED,
        )
        for size in (1, 3)
    ]
    gpus = Sampler(RecordedNvml(Card(instances=slices), Card())).sample().gpus
    assert [(gpu.index, gpu.name, gpu.total_gib) for gpu in gpus] == [
        (0, "NVIDIA A100 MIG 1g.5gb", 5),
        (0, "NVIDIA A100 MIG 3g.15gb", 15),
        (1, "NVIDIA H100 80GB HBM3", 80),
    ]
    assert gpus[0].utilisation is None and gpus[0].power_w == 512


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, "no NVIDIA driver found"),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "the NVIDIA driver is installed but not loaded"),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, "the NVIDIA driver was updated: restart the computer"),
        (pynvml.NVML_ERROR_UNKNOWN, "the NVIDIA driver does not answer (Unknown Error)"),
    ],
)
def test_without_a_driver_a_sentence_says_why(home: Path, error: int, sentence: str) -> None:
    machine = Sampler(RecordedNvml(Card(), init_error=error)).sample()
    assert machine.gpus == [] and machine.gpu_absence == sentence


def test_a_driver_without_a_gpu(home: Path) -> None:
    assert Sampler(RecordedNvml()).sample().gpu_absence == "the NVIDIA driver shows no GPU"


def test_a_driver_that_stops_answering_is_asked_again_later(home: Path, monkeypatch) -> None:
    nvml = RecordedNvml(Card())
    sampler = Sampler(nvml)
    assert sampler.sample().gpus
    nvml.broken = pynvml.NVML_ERROR_GPU_IS_LOST
    machine = sampler.sample()
    assert machine.gpus == [] and "stopped answering (GPU is lost)" in str(machine.gpu_absence)
    nvml.broken = None
    assert sampler.sample().gpu_absence == machine.gpu_absence
    assert nvml.inits == 1
    monkeypatch.setattr(nvml_module, "_AGAIN_S", 0.0)
    nvml.broken = pynvml.NVML_ERROR_GPU_IS_LOST
    later = Sampler(nvml)
    later.sample()
    nvml.broken = None
    assert later.sample().gpus and later.sample().gpu_absence is None


def test_a_containers_memory_limit_counts_where_it_is_less(tmp_path: Path, monkeypatch, home: Path) -> None:
    monkeypatch.setattr(host_module, "_CGROUP", tmp_path)
    (tmp_path / "memory.max").write_text(f"{GIB}\n")
    (tmp_path / "memory.current").write_text(f"{GIB // 2}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {GIB // 4}\n")
    host = Sampler().sample().host
    assert (host.ram_used_gib, host.ram_total_gib) == (0.25, 1.0)
    (tmp_path / "memory.max").write_text("max\n")
    assert Sampler().sample().host.ram_total_gib > 1.0


def test_free_disk_of_a_folder_that_is_not_made_yet(tmp_path: Path) -> None:
    found = free_disk_bytes(tmp_path / "not" / "there")
    assert found == pytest.approx(psutil.disk_usage(str(tmp_path)).free, rel=0.05)
