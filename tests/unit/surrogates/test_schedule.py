"""When fits happen, and the memory of them."""

from __future__ import annotations

import numpy as np

from bayesopt.surrogates.schedule import FitCache, anchor_size, digest, refit_size


def test_sizes_are_in_order() -> None:
    for n in range(3000):
        assert anchor_size(n) <= refit_size(n) <= n
        assert anchor_size(n) <= anchor_size(n + 1)
        assert refit_size(n) <= refit_size(n + 1)
        assert anchor_size(anchor_size(n)) == anchor_size(n)
        assert refit_size(refit_size(n)) == refit_size(n)
        assert refit_size(anchor_size(n)) == anchor_size(n)


def test_anchors_and_refits_come_as_often_as_said() -> None:
    assert [anchor_size(n) for n in range(11)] == list(range(11))
    assert all(refit_size(n) == n for n in range(101))
    for n in range(11, 3000):
        assert anchor_size(n) > n / 1.2 - 1
        assert refit_size(n) > n / 1.07 - 1
    assert sum(anchor_size(n) == n for n in range(101, 1001)) < 15
    assert sum(refit_size(n) == n for n in range(101, 1001)) < 50


def test_a_digest_names_content() -> None:
    a = np.arange(6.0).reshape(2, 3)
    assert digest(a) == digest(a.copy())
    assert digest(a) == digest(np.asfortranarray(a))
    others = [a.T, a.ravel(), a + 1, a.astype(np.float32), a[:, :2], a[:0], a[:, :0]]
    assert len({digest(a), *map(digest, others)}) == 8
    assert digest(a[0], a[1]) != digest(a[0, :2], a[1])


def test_the_least_recently_used_is_forgotten() -> None:
    cache = FitCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]
    assert cache.get_or_make("a", lambda: 9) == 1
    assert cache.get_or_make("z", lambda: 9) == cache.get("z") == 9
