"""What is exported opens in stock `kokoro`, strictly: no key skipped, every value the same."""

from __future__ import annotations

import copy
import hashlib

import pytest
import torch
from kokoro import KModel

from moien.errors import WrongData
from moien.kokoro.base import load_model, load_pack
from moien.kokoro.export import ADAIN_NORM, PARTS, PREFIX, save_pack, save_weights
from moien.kokoro.symbols import CONFIG


@pytest.fixture(scope="module")
def changed(model):
    """The base with one value changed, as if it had been trained."""
    changed = copy.deepcopy(model)
    with torch.no_grad():
        changed.decoder.F0_conv.weight_g += 0.5
    return changed


@pytest.fixture(scope="module")
def written(changed, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "model.pth"
    save_weights(changed, path)
    return path


def test_stock_kokoro_opens_the_weights(changed, written):
    parts = torch.load(written, weights_only=True)
    assert set(parts) == set(PARTS) and sum(len(part) for part in parts.values()) == 548
    stock = KModel(repo_id="x", config=str(CONFIG), model=str(written))
    ours, theirs = changed.state_dict(), stock.state_dict()
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    # Kokoro strips seven characters and loads without strictness: with strictness nothing but AdaIN's is lacking.
    for part, state in parts.items():
        assert all(key.startswith(PREFIX) for key in state)
        bare = {key.removeprefix(PREFIX): tensor for key, tensor in state.items()}
        missing, unexpected = getattr(stock, part).load_state_dict(bare, strict=False)
        assert not unexpected and all(ADAIN_NORM.search(f"{part}.{name}") for name in missing)


def test_written_weights_load_again_and_have_the_same_bytes(changed, written, tmp_path):
    again = load_model(written, CONFIG)
    save_weights(again, tmp_path / "another-name.pth")
    digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (written, tmp_path / "another-name.pth")]
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("decoder.encode.norm1.norm.bias", 0.1, "decoder.encode.norm1.norm.bias was trained"),
        ("bert_encoder.bias", float("nan"), "bert_encoder.bias is not finite"),
    ],
)
def test_what_the_format_cannot_hold_is_refused(changed, name, value, message, tmp_path):
    tensor = changed.state_dict()[name]
    before = tensor.clone()
    tensor[0] = value
    try:
        with pytest.raises(WrongData, match=message):
            save_weights(changed, tmp_path / "x.pth")
    finally:
        tensor.copy_(before)
    assert not (tmp_path / "x.pth").exists()


def test_stock_pipeline_speaks_with_a_pack(model, tmp_path):
    from kokoro import KPipeline

    pack = torch.linspace(-0.1, 0.1, 510 * 256).reshape(510, 1, 256)
    save_pack(pack, tmp_path / "anna.pt")
    assert torch.equal(load_pack(tmp_path / "anna.pt"), pack)
    pipeline = KPipeline(lang_code="e", repo_id="hexgrad/Kokoro-82M", model=model)
    result = next(pipeline.generate_from_tokens("mɔiən", voice=str(tmp_path / "anna.pt")))
    assert torch.isfinite(result.audio).all() and len(result.audio) == 600 * int(result.pred_dur.sum())


def test_no_other_shape_is_written_as_a_pack(tmp_path):
    with pytest.raises(WrongData, match=r"float32 \[1, 256\], expected float32 \[510, 1, 256\]"):
        save_pack(torch.zeros(1, 256), tmp_path / "x.pt")
    assert not (tmp_path / "x.pt").exists()
