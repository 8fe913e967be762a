"""Hashes by which libraries put strings into places; `lib/rows/category-hash.ts` and `lib/graph/word-hash.ts` have the
same in JavaScript, and say where they come from."""

from __future__ import annotations

_MASK = (1 << 64) - 1
_K0, _K1, _K2, _K3 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F, 0xC949D7C7509E6557


def utf8(word: str) -> bytes:
    """As JavaScript encodes it: half a surrogate pair becomes U+FFFD."""
    try:
        return word.encode()
    except UnicodeEncodeError:
        return word.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def category_hash(word: str) -> int:
    """CatBoost's of a category: the lower half of CityHash64 1.0, as an int32."""
    low = city_hash64(utf8(word)) & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low


def spread_of(word: str, ways: list[dict]) -> int:
    """Σ (hash mod count)·stride: TensorFlow's, by FarmHash or, with a key, by SipHash."""
    data = utf8(word)
    total = 0
    for way in ways:
        key = way.get("key")
        value = fingerprint64(data) if key is None else sip_hash64(data, int(key[0]) & _MASK, int(key[1]) & _MASK)
        total += value % way["count"] * way["stride"]
    return total


def _of64(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _of32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _right(value: int, by: int) -> int:
    value &= _MASK
    return (value >> by | value << (64 - by)) & _MASK


def _mixed(value: int) -> int:
    value &= _MASK
    return value ^ value >> 47


def _joined(low: int, high: int, factor: int = 0x9DDFEA08EB382D69) -> int:
    a = _mixed((low ^ high) * factor)
    b = _mixed((high ^ a) * factor)
    return b * factor & _MASK


def city_hash64(data: bytes) -> int:
    size = len(data)
    if size <= 16:
        return _city_up_to_16(data, size)
    if size <= 32:
        a, b = _of64(data, 0) * _K1 & _MASK, _of64(data, 8)
        c, d = _of64(data, size - 8) * _K2 & _MASK, _of64(data, size - 16) * _K0
        low = _right(a - b, 43) + _right(c, 30) + d
        return _joined(low & _MASK, (a + _right(b ^ _K3, 20) - c + size) & _MASK)
    if size <= 64:
        begin = _of64(data, 0) + (size + _of64(data, size - 16)) * _K0
        v = _city_half(data, 8, begin, _of64(data, 24))
        w = _city_half(data, size - 24, _of64(data, 16) + _of64(data, size - 32), _of64(data, size - 8))
        total = _mixed((v[0] + w[1]) * _K2 + (w[0] + v[1]) * _K0)
        return _mixed(total * _K0 + v[1]) * _K2 & _MASK
    return _city_beyond_64(data, size)


def _city_up_to_16(data: bytes, size: int) -> int:
    if size > 8:
        last = _of64(data, size - 8)
        return _joined(_of64(data, 0), _right(last + size, size)) ^ last
    if size >= 4:
        return _joined((size + (_of32(data, 0) << 3)) & _MASK, _of32(data, size - 4))
    if size == 0:
        return _K2
    first = data[0] + (data[size >> 1] << 8)
    last = size + (data[size - 1] << 2)
    return _mixed(first * _K2 ^ last * _K3) * _K2 & _MASK


def _city_half(data: bytes, at: int, begin: int, z: int) -> tuple[int, int]:
    second = begin + _of64(data, at)
    third = second + _of64(data, at + 8)
    c = _right(begin, 37) + _right(second, 7)
    return (third + z) & _MASK, (_right(begin + z, 52) + _right(third, 31) + c) & _MASK


def _weakly(data: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    first = a + _of64(data, at)
    last = _of64(data, at + 24)
    turned = _right(b + first + last, 21)
    total = first + _of64(data, at + 8) + _of64(data, at + 16)
    return (total + last) & _MASK, (turned + _right(total, 44) + first) & _MASK


def _city_beyond_64(data: bytes, size: int) -> int:
    x = _of64(data, 0)
    y = _of64(data, size - 16) ^ _K1
    z = _of64(data, size - 56) ^ _K0
    v = _weakly(data, size - 64, size, y)
    w = _weakly(data, size - 32, size * _K1, _K0)
    z = (z + _mixed(v[1]) * _K1) & _MASK
    x = _right(z + x, 39) * _K1
    y = _right(y, 33) * _K1
    for at in range(0, (size - 1) & ~63, 64):
        x = (_right(x + y + v[0] + _of64(data, at + 16), 37) * _K1 ^ w[1]) & _MASK
        y = (_right(y + v[1] + _of64(data, at + 48), 42) * _K1 ^ v[0]) & _MASK
        z = _right(z ^ w[0], 33)
        v = _weakly(data, at, v[1] * _K1, x + w[0])
        w = _weakly(data, at + 32, z + w[1], y)
        x, z = z, x
    low = _joined(v[0], w[0]) + _mixed(y) * _K1 + z
    return _joined(low & _MASK, (_joined(v[1], w[1]) + x) & _MASK)


def fingerprint64(data: bytes) -> int:
    """FarmHash's."""
    size = len(data)
    if size <= 16:
        return _farm_up_to_16(data, size)
    factor = (_K2 + 2 * size) & _MASK
    if size <= 32:
        a, b = _of64(data, 0) * _K1 & _MASK, _of64(data, 8)
        c, d = _of64(data, size - 8) * factor & _MASK, _of64(data, size - 16) * _K2
        first = _right(a + b, 43) + _right(c, 30) + d
        return _joined(first & _MASK, (a + _right(b + _K2, 18) + c) & _MASK, factor)
    if size <= 64:
        a, b = _of64(data, 0) * _K2 & _MASK, _of64(data, 8)
        c, d = _of64(data, size - 8) * factor & _MASK, _of64(data, size - 16) * _K2
        y = (_right(a + b, 43) + _right(c, 30) + d) & _MASK
        z = _joined(y, (a + _right(b + _K2, 18) + c) & _MASK, factor)
        e, f = _of64(data, 16) * factor & _MASK, _of64(data, 24)
        g = (y + _of64(data, size - 32)) * factor & _MASK
        h = (z + _of64(data, size - 24)) * factor
        first = _right(e + f, 43) + _right(g, 30) + h
        return _joined(first & _MASK, (e + _right(f + a, 18) + g) & _MASK, factor)
    return _farm_beyond_64(data, size)


def _farm_up_to_16(data: bytes, size: int) -> int:
    factor = (_K2 + 2 * size) & _MASK
    if size >= 8:
        a, b = (_of64(data, 0) + _K2) & _MASK, _of64(data, size - 8)
        c = (_right(b, 37) * factor + a) & _MASK
        return _joined(c, (_right(a, 25) + b) * factor & _MASK, factor)
    if size >= 4:
        return _joined(size + (_of32(data, 0) << 3), _of32(data, size - 4), factor)
    if size == 0:
        return _K2
    first = data[0] + (data[size >> 1] << 8)
    last = size + (data[size - 1] << 2)
    return _mixed(first * _K2 ^ last * _K0) * _K2 & _MASK


def _farm_beyond_64(data: bytes, size: int) -> int:
    seed = 81
    y = (seed * _K1 + 113) & _MASK
    z = _mixed(y * _K2 + 113) * _K2 & _MASK
    v, w = (0, 0), (0, 0)
    x = (seed * _K2 + _of64(data, 0)) & _MASK
    for at in range(0, (size - 1) & ~63, 64):
        x = (_right(x + y + v[0] + _of64(data, at + 8), 37) * _K1 & _MASK) ^ w[1]
        y = (_right(y + v[1] + _of64(data, at + 48), 42) * _K1 + v[0] + _of64(data, at + 40)) & _MASK
        z = _right(z + w[0], 33) * _K1 & _MASK
        v = _weakly(data, at, v[1] * _K1, x + w[0])
        w = _weakly(data, at + 32, z + w[1], y + _of64(data, at + 16))
        x, z = z, x
    factor = (_K1 + ((z & 0xFF) << 1)) & _MASK
    at = size - 64
    w = ((w[0] + ((size - 1) & 63)) & _MASK, w[1])
    v = ((v[0] + w[0]) & _MASK, v[1])
    w = ((w[0] + v[0]) & _MASK, w[1])
    x = (_right(x + y + v[0] + _of64(data, at + 8), 37) * factor ^ w[1] * 9) & _MASK
    y = (_right(y + v[1] + _of64(data, at + 48), 42) * factor + v[0] * 9 + _of64(data, at + 40)) & _MASK
    z = _right(z + w[0], 33) * factor & _MASK
    v = _weakly(data, at, v[1] * factor, x + w[0])
    w = _weakly(data, at + 32, z + w[1], y + _of64(data, at + 16))
    x, z = z, x
    first = _joined(v[0], w[0], factor) + _mixed(y) * _K0 + z
    return _joined(first & _MASK, (_joined(v[1], w[1], factor) + x) & _MASK, factor)


def sip_hash64(data: bytes, k0: int, k1: int) -> int:
    """SipHash-2-4."""
    v0, v1 = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    v2, v3 = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573

    def rounds(count: int) -> None:
        nonlocal v0, v1, v2, v3
        for _ in range(count):
            v0 = (v0 + v1) & _MASK
            v1 = _right(v1, 51) ^ v0
            v0 = _right(v0, 32)
            v2 = (v2 + v3) & _MASK
            v3 = _right(v3, 48) ^ v2
            v0 = (v0 + v3) & _MASK
            v3 = _right(v3, 43) ^ v0
            v2 = (v2 + v1) & _MASK
            v1 = _right(v1, 47) ^ v2
            v2 = _right(v2, 32)

    size = len(data)
    end = size - size % 8
    words = [_of64(data, at) for at in range(0, end, 8)]
    words.append((size & 0xFF) << 56 | int.from_bytes(data[end:], "little"))
    for word in words:
        v3 ^= word
        rounds(2)
        v0 ^= word
    v2 ^= 0xFF
    rounds(4)
    return v0 ^ v1 ^ v2 ^ v3
