"""The products that render.py draws: their shapes, materials, light and surroundings."""

from __future__ import annotations

import numpy as np
from shapes import Array, length, melt, mix, noise, rgb, tube, turned, wood
from studio import Light, Product, Skin


def teapot() -> Product:
    """A celadon teapot on an oiled wooden table."""
    body = turned(
        "0 0, 0.42 0, 0.44 0.05, 0.5 0.08, 0.86 0.3, 1 0.62, 0.92 0.93, 0.62 1.15, 0.4 1.2, 0 1.2"
    )
    lid = turned(
        "0 1.19, 0.47 1.19, 0.475 1.215, 0.46 1.235, 0.3 1.33, 0.12 1.4, 0.075 1.43, "
        "0.07 1.47, 0.13 1.51, 0.155 1.57, 0.11 1.63, 0 1.645"
    )

    def pot(p: Array) -> Array:
        spout = tube(
            p,
            "0.78 0.46 0, 1.1 0.6 0, 1.28 0.9 0, 1.5 1.13 0",
            [0.25, 0.165, 0.115, 0.095],
        )
        end, way = np.array([1.48, 1.11, 0], np.float32), np.array([0.7, 0.714, 0], np.float32)
        hole = length(*(p - end).T) - 0.062
        spout = np.maximum(np.maximum(spout, (p - end) @ way), -hole)
        handle = tube(
            p,
            "-0.8 0.98 0, -1.2 1.12 0, -1.46 0.86 0, -1.34 0.5 0, -0.9 0.34 0",
            [0.085, 0.07, 0.075, 0.07, 0.08],
        )
        return melt(melt(body(p), spout, 0.16), handle, 0.12)

    def glaze(p: Array, normal: Array) -> Skin:
        n = len(p)
        r = length(p[:, 0], p[:, 2])
        # Celadon is dark where the glaze pools (foot, joints) and pale where it runs thin (edges).
        pool = np.exp(-((p[:, 1] / 0.14) ** 2)) + 0.6 * np.exp(-(((p[:, 1] - 1.19) / 0.03) ** 2))
        thin = np.exp(-((r - 0.46) ** 2 + (p[:, 1] - 1.235) ** 2) / 0.0008)
        cloud = noise(p * 2.2, 3) - 0.5
        colour = mix(rgb("#8fae99"), rgb("#55826c"), (0.35 + 0.5 * cloud + 0.5 * pool).clip(0, 1))
        colour = mix(colour, rgb("#d6e2d2"), (0.6 * thin).clip(0, 1))
        foot = p[:, 1] < 0.035
        colour[foot] = rgb("#a5745a")
        # Crackle would be false; a hand-thrown wall has faint rings.
        rings = np.sin(p[:, 1] * 95 + 2 * noise(p * 3, 2)) * 0.006
        bump = np.zeros_like(p)
        bump[:, 1] = np.where(np.abs(normal[:, 1]) < 0.95, rings, 0)
        bump += (noise(p * 9, 2)[:, None] - 0.5) * 0.02
        shine = np.full((n, 3), 0.045, np.float32)
        shine[foot] = 0.01
        return Skin(colour, shine, np.where(foot, 0.9, 0.05), np.zeros(n), bump, wrap=0.2)

    key = Light((-0.75, 0.85, 0.75), rgb("#fff3e2") * 2.5, 0.34, 0.5, 0.13, 3.2)
    rim = Light((0.9, 0.55, -0.6), rgb("#dfeaff") * 0.8, 0.3, 0.6, 0.2, 2.0)

    def backdrop(way: Array) -> Array:
        height = ((way[:, 1] + 0.35) * 1.6).clip(0, 1)
        wall = mix(rgb("#4a4038"), rgb("#8d7f70"), height)
        window = np.exp(-(((way[:, 0] + 0.34) / 0.16) ** 2 + ((way[:, 1] - 0.02) / 0.3) ** 2))
        plant = np.exp(-(((way[:, 0] - 0.3) / 0.1) ** 2 + ((way[:, 1] + 0.1) / 0.14) ** 2))
        wall = mix(wall, rgb("#f2e6d2") * 1.3, window * 0.55)
        return mix(wall, rgb("#33402c"), plant * 0.6).astype(np.float32)

    return Product(
        bounds=((-1.62, 0, -1.08), (1.66, 1.7, 1.08)),
        parts=(pot, lid),
        material=glaze,
        lights=(key, rim),
        eye=(0.9, 2.3, 6.2),
        look=(0.04, 0.74, 0),
        zoom=0.275,
        sky=rgb("#c9d2dc") * 0.62,
        bounce=rgb("#8a5a36") * 0.42,
        table=wood,
        backdrop=backdrop,
        polish=0.35,
        focus=6.7,
        haze=16,
        vignette=0.3,
        exposure=0.82,
    )


def lamp() -> Product:
    """A desk lamp with a brass stem on a pale sweep of paper."""
    base = turned("0 0, 0.62 0, 0.645 0.02, 0.645 0.075, 0.6 0.105, 0.12 0.125, 0.075 0.16, 0 0.16")
    cap = turned(
        "0 0.74, 0.09 0.74, 0.1 0.72, 0.1 0.6, 0.12 0.56, 0.34 0.46, 0.56 0.2, "
        "0.64 -0.02, 0.645 -0.04, 0.6 -0.04, 0.5 0.18, 0.3 0.39, 0 0.45"
    )
    tilt = np.deg2rad(24.0)
    turn = np.array(
        [[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]], np.float32
    )
    top = np.array([0.66, 2.16, 0.0], np.float32)

    def shade(p: Array) -> Array:
        return cap((p - top) @ turn)

    def bulb(p: Array) -> Array:
        q = (p - top) @ turn
        return length(*(q - np.array([0, 0.17, 0], np.float32)).T) - 0.17

    def stem(p: Array) -> Array:
        rod = tube(
            p,
            "0 0.08 0, -0.02 0.9 0, -0.04 1.9 0, 0.06 2.6 0, 0.34 2.88 0",
            [0.034] * 5,
        )
        collar = np.maximum(length(p[:, 0], p[:, 2]) - 0.06, np.abs(p[:, 1] - 0.2) - 0.06) - 0.008
        return np.minimum(rod, collar)

    parts = (base, shade, stem, bulb)

    def material(p: Array, normal: Array) -> Skin:
        n = len(p)
        which = np.argmin([part(p) for part in parts], axis=0)
        painted, brass, lit = which < 2, which == 2, which == 3
        q = (p - top) @ turn
        inside = (which == 1) & ((normal @ turn)[:, 1] < -0.05) & (q[:, 1] < 0.55)
        colour = np.tile(rgb("#2f5d50"), (n, 1))
        colour[brass] = rgb("#b98545")
        colour[inside] = rgb("#f4efe4")
        colour[lit] = rgb("#fff2d8")
        shine = np.full((n, 3), 0.04, np.float32)
        shine[brass] = rgb("#e2b070")
        rough = np.where(brass, 0.12, 0.32).astype(np.float32)
        glow = np.zeros((n, 3), np.float32)
        near = np.exp(-((q[:, 1] - 0.1).clip(0) / 0.4))
        glow[inside] = (rgb("#ffd9a0") * 0.9) * near[inside, None]
        glow[lit] = rgb("#fff0d0") * 2.2
        bump = (noise(p * 30, 2)[:, None] - 0.5) * np.where(painted, 0.02, 0.0)[:, None]
        return Skin(colour, shine, rough, brass.astype(np.float32) * 0.9, bump, glow)

    def pool(p: Array) -> Array:
        d2 = ((p[:, 0] - 0.95) / 1.0) ** 2 + (p[:, 2] / 0.9) ** 2
        return rgb("#ffcf8f") * (0.5 * np.exp(-d2))[:, None]

    def paper(p: Array) -> Array:
        return np.broadcast_to(rgb("#f1efec"), p.shape).astype(np.float32)

    def backdrop(way: Array) -> Array:
        height = ((way[:, 1] + 0.25) * 1.2).clip(0, 1)
        return mix(rgb("#efedea") * 1.05, rgb("#e2e1e0"), height).astype(np.float32)

    key = Light((-0.7, 1.1, 0.8), rgb("#fffaf2") * 0.62, 0.4, 0.55, 0.22, 3.0)
    fill = Light((0.9, 0.7, 0.5), rgb("#f0f5ff") * 0.22, 0.5, 0.6, 0.35, 1.5)
    return Product(
        bounds=((-0.75, 0, -0.72), (1.5, 3.05, 0.72)),
        parts=parts,
        material=material,
        lights=(key, fill),
        eye=(1.5, 1.25, 8.6),
        look=(0.36, 1.44, 0),
        zoom=0.225,
        sky=rgb("#ffffff") * 0.62,
        bounce=rgb("#f1efec") * 0.45,
        table=paper,
        backdrop=backdrop,
        glow=pool,
        haze=5,
        vignette=0.06,
        exposure=1.12,
    )


def speaker() -> Product:
    """A round wireless speaker in woven cloth, cut out: it stands on nothing."""
    can = turned(
        "0 0, 0.78 0, 0.94 0, 1 0.05, 1.02 0.2, 1.02 1.25, 0.99 1.42, 0.9 1.5, 0.86 1.5, 0 1.5"
    )
    plate = turned("0 1.5, 0.84 1.5, 0.86 1.515, 0.83 1.535, 0.62 1.515, 0 1.51")
    foot = turned("0 -0.05, 0.8 -0.05, 0.86 -0.02, 0.86 0.01, 0 0.01")

    def strap(p: Array) -> Array:
        return tube(
            p * np.array([1, 1, 0.42], np.float32),
            "0.98 0.98 0, 1.2 1.12 0, 1.3 0.86 0, 1.2 0.5 0, 0.98 0.52 0",
            [0.045] * 5,
        )

    def stud(p: Array) -> Array:
        q = p - np.array([1.01, 0.98, 0], np.float32)
        return length(q[:, 0] * 0.9, q[:, 1], q[:, 2]) - 0.075

    parts = (can, plate, foot, strap, stud)

    def material(p: Array, _normal: Array) -> Skin:
        n = len(p)
        which = np.argmin([part(p) for part in parts], axis=0)
        angle = np.arctan2(p[:, 2], p[:, 0])
        u, v = angle * 60, p[:, 1] * 60
        cloth = which == 0
        over = np.sin(u * 1.0) * np.sin(v * 1.0)
        thread = 0.5 + 0.5 * over
        fleck = noise(np.stack([u * 0.9, v * 0.9, 0 * u], -1), 2)
        colour = mix(
            rgb("#a9553a"), rgb("#6d3322"), (0.75 - 0.75 * thread + 0.5 * (fleck - 0.5)).clip(0, 1)
        )
        tangent = np.stack([-np.sin(angle), 0 * u, np.cos(angle)], -1)
        weave = tangent * (np.cos(u) * np.sin(v))[:, None]
        weave[:, 1] = np.sin(u) * np.cos(v)
        bump = np.where(cloth[:, None], -weave * 0.22, 0).astype(np.float32)
        colour[which == 1] = rgb("#2a2a2c")
        colour[which == 2] = rgb("#202022")
        grain = noise(p * 26, 3)
        leather = mix(rgb("#8a5a38"), rgb("#5e3a22"), grain)
        colour[which == 3] = leather[which == 3]
        colour[which == 4] = rgb("#c8a15a")
        r = length(p[:, 0], p[:, 2])
        top = which == 1
        for cx, cz in ((-0.34, 0.0), (0.34, 0.0), (0.0, 0.34), (0.0, -0.34)):
            ring = np.abs(length(p[:, 0] - cx, p[:, 2] - cz) - 0.075) < 0.011
            colour[top & ring] = rgb("#b9b9bd")
        light = top & (r < 0.03)
        glow = np.zeros((n, 3), np.float32)
        glow[light] = rgb("#e8f6ff") * 0.8
        shine = np.where(cloth[:, None], 0.01, 0.045) * np.ones((n, 3), np.float32)
        shine[which == 4] = rgb("#e0b866")
        rough = np.choose(which, [0.9, 0.22, 0.5, 0.55, 0.15]).astype(np.float32)
        metal = (which == 4).astype(np.float32) * 0.9
        return Skin(colour, shine, rough, metal, bump, glow, wrap=0.25)

    def nothing(p: Array) -> Array:
        return np.zeros_like(p)

    key = Light((-0.8, 0.9, 0.9), rgb("#fff6ea") * 1.9, 0.4, 0.6, 0.16, 3.0)
    rim = Light((1.0, 0.4, -0.35), rgb("#e6eeff") * 1.2, 0.25, 0.7, 0.2, 2.5)
    return Product(
        bounds=((-1.1, -0.06, -1.1), (1.42, 1.6, 1.1)),
        parts=parts,
        material=material,
        lights=(key, rim),
        eye=(0.7, 3.0, 6.4),
        look=(0.13, 0.72, 0),
        zoom=0.235,
        sky=rgb("#dfe4ea") * 0.55,
        bounce=rgb("#b9b0a6") * 0.3,
        table=nothing,
        backdrop=nothing,
        on_table=False,
        vignette=0,
        exposure=0.85,
    )


PRODUCTS = {"teapot": teapot, "lamp": lamp, "speaker": speaker}
