import wave

from ui.kit.sounds import TONES, Sound, Sounds


class RecordingPlayer:
    def __init__(self):
        self.played = []

    def play(self, file):
        self.played.append(file.name)


def test_sounds_differ_by_count_and_by_pitch():
    assert len({tones.count for tones in TONES.values()}) == len(Sound)
    assert len({tones.pitch_hz for tones in TONES.values()}) == len(Sound)


def test_every_sound_is_a_short_wav(tmp_path):
    Sounds(tmp_path, None)
    files = sorted(tmp_path.glob("*.wav"))
    assert len(files) == len(Sound)
    for file in files:
        with wave.open(str(file)) as sound:
            assert 0.1 < sound.getnframes() / sound.getframerate() < 1


def test_mute_and_missing_players_are_silent(tmp_path):
    player = RecordingPlayer()
    sounds = Sounds(tmp_path, player)
    sounds.play(Sound.PASSED)
    sounds.muted = True
    sounds.play(Sound.STOP)
    Sounds(tmp_path, None).play(Sound.STOP)
    assert player.played == ["pass-22050.wav"]
