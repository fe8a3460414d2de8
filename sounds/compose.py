"""Music for those who wait, made of nothing but arithmetic: plucked strings, a soft electric piano, a music box.

`make` calls `compose` for each piece of the manifest. A piece ends where it begins: notes that ring on over its end
are heard at its beginning, so that it may go round and round.
"""

import array
import math
import random

RATE = 16_000
MUSIC_DBM0 = -19.0  # three decibels under speech
PEAK = 32_768 * 10 ** (-4 / 20)

NAMES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def compose(name):
    """The samples of a piece."""
    piece = {"morning": morning, "lagoon": lagoon, "music-box": music_box}[name]
    return finish(piece())


class Score:
    """A round strip of time onto which notes are laid."""

    def __init__(self, beats, per_minute):
        self.beat = RATE * 60 / per_minute
        self.strip = [0.0] * round(beats * self.beat)

    def lay(self, wave, beat, loudness):
        at, strip = round(beat * self.beat), self.strip
        length = len(strip)
        for n, value in enumerate(wave):
            strip[(at + n) % length] += loudness * value


def hertz(note):
    """`A4`, `F#3`, `Bb4`."""
    octave = int(note[-1])
    sharp = note.count("#") - note[1:].count("b")
    return 440.0 * 2 ** ((NAMES[note[0]] + sharp + 12 * (octave - 4) - 9) / 12)


def once(make):
    """Remembers each wave it has made."""
    known = {}

    def made(*key):
        if key not in known:
            known[key] = make(*key)
        return known[key]

    return made


@once
def pluck(note, seconds):
    """A string after Karplus and Strong, tuned by a fractional delay."""
    period = RATE / hertz(note) - 0.5
    whole = int(period)
    part = period - whole
    chance = random.Random(note)
    line = [chance.uniform(-1, 1) for _ in range(whole + 1)]
    for _ in range(2):  # a softer finger
        line = [(a + b) / 2 for a, b in zip(line, line[1:] + line[:1])]
    wave, at, before = [], 0, 0.0
    size = len(line)
    for _ in range(int(seconds * RATE)):
        here, after = line[at], line[(at + 1) % size]
        value = part * here + (1 - part) * after
        wave.append(here)
        line[at] = 0.998 * (value + before) / 2
        before = value
        at = (at + 1) % size
    return ended(wave)


@once
def keys(note, seconds):
    """An electric piano: a sine that another one of the same pitch shakes while it is struck."""
    step = 2 * math.pi * hertz(note) / RATE
    wave = []
    for n in range(int(seconds * RATE)):
        time = n / RATE
        shake = 1.6 * math.exp(-4 * time) * math.sin(step * n)
        tremble = 1 + 0.12 * math.sin(2 * math.pi * 4.5 * time)
        rise = min(1.0, time / 0.008)
        wave.append(rise * tremble * math.exp(-1.4 * time) * math.sin(step * n + shake))
    return ended(wave)


@once
def chime(note, seconds):
    """A tongue of a music box: its pitch and two that are not in tune with it."""
    step = 2 * math.pi * hertz(note) / RATE
    return ended([
        min(1.0, n / 40) * (
            math.exp(-3 * n / RATE) * math.sin(step * n)
            + 0.3 * math.exp(-8 * n / RATE) * math.sin(2.76 * step * n)
            + 0.1 * math.exp(-16 * n / RATE) * math.sin(5.4 * step * n))
        for n in range(int(seconds * RATE))
    ])


def ended(wave):
    """Let go over the last tenth of a second."""
    fade = min(len(wave), RATE // 10)
    for n in range(fade):
        wave[-1 - n] *= n / fade
    return wave


def morning():
    """Plucked chords in G, a tune over them from the second round on."""
    score = Score(beats=128, per_minute=100)
    chords = ["G3 B3 D4 G4", "E3 B3 E4 G4", "C4 E4 G4 C5", "D4 F#4 A4 D5"]
    turn = ["G3 B3 D4 G4", "B3 D4 F#4 B4", "C4 E4 G4 C5", "D4 F#4 A4 C5"]
    pattern = [0, 2, 1, 3, 2, 1, 3, 2]
    for bar in range(32):
        notes = (turn if bar % 16 >= 8 else chords)[bar % 4].split()
        for eighth, which in enumerate(pattern):
            score.lay(pluck(notes[which], 1.6), bar * 4 + eighth / 2, 0.5 if eighth else 0.7)
    tune = [
        ("D5", 0), ("B4", 1.5), ("A4", 2), ("G4", 3), ("B4", 4), ("G4", 6), ("E4", 7),
        ("C5", 8), ("D5", 9.5), ("E5", 10), ("G5", 11), ("F#5", 12), ("D5", 14), ("A4", 15),
    ]
    answer = [
        ("D5", 0), ("E5", 1), ("G5", 2), ("F#5", 4), ("D5", 5.5), ("B4", 6), ("C5", 8), ("E5", 9), ("G5", 10),
        ("A5", 11), ("F#5", 12), ("E5", 13), ("D5", 14),
    ]
    for start, notes in [(16, tune), (32, answer), (48, tune), (80, tune), (96, answer), (112, tune)]:
        for note, beat in notes:
            score.lay(pluck(note, 2.2), start + beat, 0.9)
    return score.strip


def lagoon():
    """Slow chords of an electric piano in C, with room between the notes of the tune."""
    score = Score(beats=96, per_minute=72)
    chords = ["C4 E4 G4 B4", "A3 C4 E4 G4", "D4 F4 A4 C5", "G3 B3 D4 F4", "E4 G4 B4 D5", "A3 C4 E4 G4",
              "F4 A4 C5 E5", "G3 B3 D4 F4"]
    for bar in range(24):
        for n, note in enumerate(chords[bar % 8].split()):
            score.lay(keys(note, 3.3), bar * 4 + n * 0.06, 0.34)
            score.lay(keys(note, 1.6), bar * 4 + 2.5, 0.16)
    tune = [
        ("G5", 0.5, 2), ("E5", 2.5, 1.5), ("D5", 4.5, 1.2), ("C5", 5.5, 2.5), ("A4", 8.5, 1.5), ("C5", 9.5, 1.5),
        ("D5", 10.5, 1.5), ("F5", 12, 2.5), ("D5", 14.5, 1.5), ("B4", 16.5, 2), ("D5", 18, 2), ("E5", 19, 2.5),
        ("C5", 22, 2), ("A4", 24.5, 1.5), ("C5", 25.5, 1.5), ("E5", 26.5, 2), ("D5", 28.5, 3),
    ]
    for start in (32, 64):
        for note, beat, beats in tune:
            score.lay(keys(note, beats * 60 / 72 + 0.8), start + beat, 0.55)
    return score.strip


def music_box():
    """A waltz in F."""
    score = Score(beats=108, per_minute=96)
    chords = ["F4 A4 C5", "D4 F4 A4", "Bb3 D4 F4", "C4 E4 G4", "F4 A4 C5", "D4 F4 A4", "G4 Bb4 D5", "C4 E4 Bb4",
              "F4 A4 C5"]
    for bar in range(36):
        low, middle, high = chords[bar % 9].split()
        score.lay(chime(low, 1.8), bar * 3, 0.5)
        for beat in (1, 2):
            score.lay(chime(middle, 1.0), bar * 3 + beat, 0.22)
            score.lay(chime(high, 1.0), bar * 3 + beat, 0.22)
    tune = [
        ("C6", 0), ("A5", 2), ("F5", 3), ("A5", 5), ("D6", 6), ("C6", 7), ("Bb5", 8), ("G5", 9), ("E5", 11),
        ("A5", 12), ("C6", 13), ("F6", 14), ("D6", 15), ("A5", 17), ("Bb5", 18), ("D6", 19), ("G5", 20),
        ("E5", 21), ("G5", 22), ("Bb5", 23), ("A5", 24),
    ]
    for start in (0, 27, 81):
        for note, beat in tune:
            score.lay(chime(note, 2.4), start + beat, 0.8)
    for bar in range(9):
        for n, note in enumerate(reversed(chords[bar].split())):
            score.lay(chime(note[:-1] + str(int(note[-1]) + 1), 2.0), 54 + bar * 3 + n, 0.6)
    return score.strip


def finish(strip):
    """Levelled, without what a telephone cannot carry: below 150 Hz."""
    keep = math.exp(-2 * math.pi * 150 / RATE)
    before, out, value = strip[-1], [], 0.0
    for sample in strip[-RATE:] + strip:
        value = keep * (value + sample - before)
        before = sample
        out.append(value)
    out = out[RATE:]
    level = math.sqrt(sum(sample * sample for sample in out) / len(out))
    gain = min(32_768 * 10 ** ((MUSIC_DBM0 - 6.18) / 20) / level, PEAK / max(abs(sample) for sample in out))
    return array.array("h", [round(gain * sample) for sample in out])
