"""Synthesis for Python: the engine and the pitch curve, both over the headers of ``ext/include``.

Thin on purpose: it checks what it is given, holds the memory, and leaves the sound to the headers. It knows nothing of
devices, files or patches' names (that is ``firmware_py/sound``). Types: ``firmware_py/_synth.pyi``.
"""

from libc.math cimport NAN, isfinite
from libc.stdint cimport int16_t, int64_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from engine_c cimport *
from firmware_py._ring cimport Cell, Ring
from hand_control_c cimport *

from firmware_py.errors import UsageError


cdef double allowed(object owner, str name, double least, double most) except? -1:
    """The field ``name`` of ``owner`` as a number from least to most; UsageError otherwise."""
    cdef double found = getattr(owner, name)
    if not isfinite(found) or found < least or found > most:
        raise UsageError(f"{name} is {found:g}; allowed is {least:g} to {most:g}")
    return found


cdef class PitchMap:
    """A ``firmware_py.music.mapping.Mapping``, checked and in the form the compiled code reads.

    Raises
    ------
    UsageError
        A value that no pitch can be made of; names the field and what is allowed.
    """

    cdef hd_pitch_map map

    def __cinit__(self, mapping):
        cdef double far = allowed(mapping, "area_far", 1e-6, 1.0)
        cdef double near = allowed(mapping, "area_near", 1e-6, 1.0)
        cdef double low = allowed(mapping, "low", 0.0, 127.0)
        cdef double high = allowed(mapping, "high", 0.0, 127.0)
        cdef int scale = mapping.scale
        if near <= far:
            raise UsageError(f"area_near is {near:g}; it must be above area_far, which is {far:g}")
        if high < low:
            raise UsageError(f"high is {high:g}; it must not be below low, which is {low:g}")
        if not 0 < scale <= 0xFFF:
            raise UsageError(f"scale is {scale:#x}; allowed is 0x1 to 0xfff, one bit for each of the twelve pitch classes")
        self.map = hd_pitch_map_of(
            far, near, low, high, scale,
            allowed(mapping, "quantise", 0.0, 1.0),
            allowed(mapping, "hysteresis_cents", 0.0, 45.0),
            allowed(mapping, "glide_s", 0.0, 10.0),
            allowed(mapping, "a4_hz", 220.0, 880.0),
            allowed(mapping, "height_to_loudness", 0.0, 1.0),
        )
        self.map.shut_below = allowed(mapping, "shut_below", 0.0, 1.0)
        self.map.open_above = allowed(mapping, "open_above", self.map.shut_below, 1.0)


def control_curve(
    const unsigned char[::1] samples,
    PitchMap pitch_map not None,
    float[:, ::1] out,
    *,
    int64_t t0_ns,
    int64_t delay_ns,
    double curve_rate_hz,
    int rate_hz,
    const int64_t[:, ::1] delay_moves=None,
):
    """Run the hand samples through the instrument's own control path and keep what it asked for.

    Parameters
    ----------
    samples
        Records of HAND_SAMPLE as bytes, in the order they were pushed; a cut last record is left out.
    pitch_map
        How areas become pitches.
    out
        float32, shape (n, 3), written: pitch as sounded, pitch of the hand before pull and glide (both MIDI note
        numbers, NaN in silence), loudness 0…1. Row i is the instant i / curve_rate_hz after t0.
    t0_ns, delay_ns
        CLOCK_MONOTONIC of the first frame, and D: a sample sounds at t_capture + D.
    curve_rate_hz
        Rows a second, > 0.
    rate_hz
        Sampling rate of the sound: its control grid is used, so that the values are those that sounded.
    delay_moves
        int64, shape (n, 2): from so many ns after t0 on, in order, D moves to so many µs. None: it stays.

    Returns
    -------
    int
        Number of samples refused.
    """
    cdef hd_hand_control control
    cdef hd_delay delay
    cdef int tick = hd_tick_frames(rate_hz)
    cdef int64_t boundary = 0, wanted
    cdef Py_ssize_t i, move = 0, moves = 0 if delay_moves is None else delay_moves.shape[0]
    if moves and delay_moves.shape[1] != 2:
        raise UsageError(f"moves of D in {delay_moves.shape[1]} columns; 2 are needed: ns after t0, µs")
    if not curve_rate_hz > 0 or rate_hz <= 0 or out.shape[1] != 3:
        raise UsageError(f"a curve of {curve_rate_hz:g} Hz for sound of {rate_hz} Hz: both must be above 0, with 3 columns")
    with nogil:
        hd_hands_init(&control, &pitch_map.map, <double>tick / rate_hz)
        hd_delay_init(&delay, delay_ns, <double>tick / rate_hz)
        if samples.shape[0] >= <Py_ssize_t>sizeof(hd_hand_sample):
            control.samples = <const hd_hand_sample *>&samples[0]
            control.count = samples.shape[0] // sizeof(hd_hand_sample)
        hd_hands_at(&control, t0_ns - delay_ns)
        for i in range(out.shape[0]):
            wanted = <int64_t>(i * rate_hz / curve_rate_hz / tick + 0.5)
            while boundary < wanted:
                while move < moves and boundary * tick >= hd_frame_of_ns(delay_moves[move, 0], rate_hz):
                    hd_delay_tell(&delay, <uint32_t>delay_moves[move, 1], True)
                    move += 1
                hd_delay_step(&delay)
                boundary += 1
                hd_hands_at(&control, t0_ns + hd_ns_of_frame(boundary * tick, rate_hz) - delay.ns)
            out[i, 0] = control.hands[0].pitch if control.hands[0].present else NAN
            out[i, 1] = control.hands[0].hand_pitch if control.hands[0].present else NAN
            out[i, 2] = control.hands[0].loudness if control.hands[0].present else 0.0
    return control.bad_samples


cdef hd_patch patch_of(object patch) except *:
    """The compiled form of a ``firmware_py.sound.patches.Patch``, whose reader has checked it."""
    cdef hd_patch made
    cdef Py_ssize_t n, count = len(patch.partials)
    if not 1 <= count <= HD_PARTIALS:
        raise UsageError(f"a patch with {count} partials; allowed is 1 to {HD_PARTIALS}")
    memset(&made, 0, sizeof(made))
    made.partials = <int>count
    for n in range(count):
        made.partial[n] = patch.partials[n]
    made.dark = 10.0 ** (patch.dark_db / 20.0)
    made.bright = 10.0 ** (patch.bright_db / 20.0)
    made.loud_bright = patch.loud_bright
    made.bite = patch.bite
    made.swell = 10.0 ** (patch.swell_db / 20.0)
    made.level = 10.0 ** (patch.level_db / 20.0)
    made.attack_s = patch.attack_ms / 1000.0
    made.decay_s = patch.decay_ms / 1000.0
    made.sustain = patch.sustain
    made.release_s = patch.release_ms / 1000.0
    made.vibrato_hz = patch.vibrato_hz
    made.vibrato_cents = patch.vibrato_cents
    made.vibrato_delay_s = patch.vibrato_delay_ms / 1000.0
    made.vibrato_rise_s = patch.vibrato_rise_ms / 1000.0
    made.breath = 10.0 ** (patch.breath_db / 20.0) if patch.breath_db > -90 else 0.0
    made.breath_onset = 10.0 ** (patch.breath_onset_db / 20.0) if patch.breath_onset_db > -90 else 0.0
    made.room_wet = patch.room_wet
    made.room_s = patch.room_seconds
    made.room_treble = patch.room_treble
    made.wave = ("partials", "saw", "square").index(patch.wave)
    made.vowel = ("none", "ah", "oh", "oo").index(patch.vowel)
    made.unison = <int>patch.unison
    made.detune_cents = patch.detune_cents
    made.cutoff_closed = patch.cutoff_closed
    made.cutoff_open = patch.cutoff_open
    made.resonance = patch.resonance
    made.ring_s = patch.ring_ms / 1000.0
    made.ring_fall = patch.ring_fall
    made.chorus = patch.chorus_wet
    made.chorus_hz = patch.chorus_hz
    made.chorus_s = patch.chorus_ms / 1000.0
    made.echo = patch.echo_wet
    made.echo_s = patch.echo_ms / 1000.0
    made.echo_feedback = patch.echo_feedback
    return made


cdef int64_t monotonic_ns() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <int64_t>now.tv_sec * 1_000_000_000 + now.tv_nsec


cdef class Engine:
    """The instrument and the mix of one sound process; see ``ext/include/engine.h`` and ``blocks.h``.

    Parameters
    ----------
    rate_hz
        Sampling rate, 8000 to 192 000.
    delay_ns
        D: a hand sample sounds at t_capture + D.
    pitch_map, patch
        How areas become pitches, and the instrument's sound.
    hands, control, status, tape, arrivals
        Rings and cells of ``firmware_py.lanes``; None: there is none. This side must have been opened by the caller.
    samples
        Instead of ``hands``: records of HAND_SAMPLE, all that there will be.
    backing
        int16, shape (n, 4), from t0 on: left, right, metronome, guide melody. Kept, not copied.
    voices
        How many hands sound, 1 or 2.
    mic, mic_way_frames
        Ring of MIC_BLOCK whose sound is mixed in so many frames and the device's buffer later, at the control cell's
        mic_db; None: there is none.
    live
        The hand samples come from a camera now: one from the future is refused, and ``arrivals`` is told their ages
        until D is.
    """

    cdef hd_engine *engine
    cdef int rate
    cdef double share
    cdef Ring hands, tape, mic
    cdef Cell control, status, arrivals
    cdef const unsigned char[::1] samples
    cdef const int16_t[:, ::1] backing

    def __cinit__(
        self,
        *,
        int rate_hz,
        int64_t delay_ns,
        PitchMap pitch_map not None,
        object patch,
        Ring hands=None,
        Cell control=None,
        Cell status=None,
        Ring tape=None,
        Cell arrivals=None,
        const unsigned char[::1] samples=None,
        const int16_t[:, ::1] backing=None,
        int voices=2,
        bint live=False,
        Ring mic=None,
        int64_t mic_way_frames=0,
    ):
        if not 8000 <= rate_hz <= 192_000:
            raise UsageError(f"a sampling rate of {rate_hz} Hz; allowed is 8000 to 192000")
        if not 1 <= voices <= HD_HANDS:
            raise UsageError(f"{voices} voices; allowed is 1 to {HD_HANDS}")
        if backing is not None and backing.shape[1] != HD_STEMS:
            raise UsageError(
                f"a backing of {backing.shape[1]} columns; {HD_STEMS} are needed: left, right, metronome, guide melody"
            )
        for lane, size in (
            (hands, sizeof(hd_hand_sample)), (tape, sizeof(hd_tape_block)), (mic, sizeof(hd_mic_block))
        ):
            if lane is not None and lane.record_bytes != size:
                raise UsageError(f"a ring of {lane.record_bytes}-byte records; {size} bytes are needed")
        for lane, size in (
            (control, sizeof(hd_control)), (status, sizeof(hd_status)), (arrivals, sizeof(hd_arrivals))
        ):
            if lane is not None and lane.record_bytes != size:
                raise UsageError(f"a cell of {lane.record_bytes} bytes; {size} bytes are needed")
        cdef hd_patch made = patch_of(patch)
        self.engine = <hd_engine *>malloc(sizeof(hd_engine))
        if self.engine == NULL:
            raise MemoryError("no memory for the sound engine")
        hd_engine_init(self.engine, rate_hz, delay_ns, &pitch_map.map, &made, voices)
        self.rate = rate_hz
        self.hands, self.control, self.status, self.tape = hands, control, status, tape
        self.samples, self.backing, self.arrivals, self.mic = samples, backing, arrivals, mic
        if hands is not None:
            self.engine.hands.ring = hands.ring
        elif samples is not None and samples.shape[0] >= <Py_ssize_t>sizeof(hd_hand_sample):
            self.engine.hands.samples = <const hd_hand_sample *>&samples[0]
            self.engine.hands.count = samples.shape[0] // sizeof(hd_hand_sample)
        if control is not None:
            self.engine.control = control.cell
        if status is not None:
            self.engine.status = status.cell
        if tape is not None:
            self.engine.tape = tape.ring
        if mic is not None:
            self.engine.mic.ring = mic.ring
            self.engine.mic.way_frames = mic_way_frames
            hd_mic_buffer(&self.engine.mic, 0)
        if backing is not None and backing.shape[0] > 0:
            self.engine.backing = <const int16_t (*)[4]>&backing[0, 0]
            self.engine.backing_frames = backing.shape[0]
        if live and arrivals is not None and hands is not None:
            self.engine.arrivals = arrivals.cell
        if live:
            self.engine.hands.ahead_ns = delay_ns + 1_000_000_000

    def __dealloc__(self):
        free(self.engine)

    @property
    def position(self):
        """The next frame, counted from t0."""
        return self.engine.position

    @property
    def placed(self):
        """Whether t0 is known and the engine counts from it."""
        return self.engine.placed

    @property
    def ended(self):
        """Whether the last frame was handed out."""
        return self.engine.ended

    @property
    def peak(self):
        """Largest magnitude since t0, 1.0 is full scale."""
        return self.engine.peak

    @property
    def skew_ns(self):
        """How much later than t0 + n / rate frame n is heard."""
        return self.engine.skew_ns

    @property
    def delay_ns(self):
        """D as it is now: a hand sample sounds at t_capture + D."""
        return self.engine.delay.ns

    @property
    def late_samples(self):
        """Hand samples that came after the instant they should have sounded at."""
        return self.engine.hands.late_samples

    @property
    def bad_samples(self):
        """Hand samples refused because they cannot be true."""
        return self.engine.hands.bad_samples

    def seek(self, int64_t frame):
        """Go on from this frame, counted from t0; the control cell is read first."""
        hd_engine_obey(self.engine)
        hd_engine_seek(self.engine, frame)

    def end(self):
        """End now, with a fade of 30 ms."""
        hd_engine_end(self.engine)

    def describe(self, *, int period_frames=0, int periods=0, int flags=0, int xruns=0):
        """Set what the status tells of the device: its period and buffer, StatusFlag bits, xruns so far."""
        self.engine.told.period_frames = period_frames
        self.engine.told.periods = periods
        self.engine.told.flags = flags
        self.engine.told.xruns = xruns
        hd_mic_buffer(&self.engine.mic, <int64_t>period_frames * periods)

    def render(self, int16_t[:, ::1] out not None, int64_t heard_ns):
        """Fill a block in real time and report; never waits. What is not known by now is silence.

        Parameters
        ----------
        out
            int16, shape (frames, 2), written: left, right.
        heard_ns
            CLOCK_MONOTONIC at which its first frame will be heard.
        """
        cdef int frames = <int>out.shape[0]
        cdef int64_t began, now
        if out.shape[1] != 2 or frames == 0:
            raise UsageError(f"a block of shape ({out.shape[0]}, {out.shape[1]}); (frames, 2) is needed")
        with nogil:
            began = monotonic_ns()
            hd_engine_render(self.engine, &out[0, 0], frames, heard_ns)
            now = monotonic_ns()
            self.report(began, now, frames)

    def advance(self, int frames, int16_t[:, ::1] out=None):
        """Make as many frames as the hand samples and the tape's room allow, as fast as it goes, and report.

        Parameters
        ----------
        frames
            At most so many.
        out
            int16, shape (at least frames, 2), written; None: the frames go to the tape only.

        Returns
        -------
        int
            Frames made; 0: nothing can be made now, or the end is reached.
        """
        cdef int made
        cdef int64_t began, now
        cdef int16_t *to = NULL
        if out is not None:
            if out.shape[1] != 2 or out.shape[0] < frames or frames <= 0:
                raise UsageError(f"a block of shape ({out.shape[0]}, {out.shape[1]}); ({frames}, 2) is needed")
            to = &out[0, 0]
        with nogil:
            began = monotonic_ns()
            made = hd_engine_advance(self.engine, to, frames)
            now = monotonic_ns()
            self.report(began, now, made)
        return made

    def play(self, *, int64_t t0_ns, int64_t frames):
        """Without a control cell: begin at t0_ns and end after so many frames."""
        self.engine.t0_ns = t0_ns
        hd_engine_stop_at(self.engine, frames)

    cdef void report(self, int64_t began_ns, int64_t now_ns, int frames) noexcept nogil:
        if frames > 0:
            self.share += 0.05 * ((now_ns - began_ns) * 1e-9 * self.rate / frames - self.share)
        self.engine.told.render_share = self.share
        hd_engine_report(self.engine, now_ns)
