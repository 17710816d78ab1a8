/* A patch: one instrument sound in numbers, as a patch file describes it; times in seconds, levels as factors of full scale.
 *
 * Not here: its reader (firmware_py/sound/patches.py, which holds every number in its range), how it sounds (voices.h).
 */
#ifndef HD_PATCH_H
#define HD_PATCH_H

enum { HD_PARTIALS = 32 };
enum { HD_WAVE_PARTIALS, HD_WAVE_SAW, HD_WAVE_SQUARE };
enum { HD_VOWEL_NONE, HD_VOWEL_AH, HD_VOWEL_OH, HD_VOWEL_OO };

typedef struct {
    int partials;               /* 1..HD_PARTIALS */
    float partial[HD_PARTIALS]; /* amplitudes of the harmonics of the brightest tone */
    float dark, bright;         /* factor from each harmonic to the next, closed hand and open hand */
    float loud_bright;          /* 0..1: how much brightness falls with loudness */
    float bite;                 /* 0..1: brightness added as a note begins; falls with the decay */
    float swell;                /* factor from a closed hand's loudness to an open one's */
    float level;                /* RMS of a loud tone, hand half open */
    float attack_s, decay_s, sustain, release_s;
    float vibrato_hz, vibrato_cents, vibrato_delay_s, vibrato_rise_s;
    float breath;       /* RMS of the breath against the tone's */
    float breath_onset; /* the same, added while the attack lasts */
    float room_wet, room_s, room_treble;
    int wave, unison, vowel;                     /* HD_WAVE_..., lanes side by side 1..HD_ENSEMBLE, HD_VOWEL_... */
    float detune_cents;                          /* of the outermost lane */
    float cutoff_closed, cutoff_open, resonance; /* low-pass over a saw or square: harmonic it lies at; its quality */
    float ring_s, ring_fall; /* 0: held. A string's first harmonic falls 60 dB in ring_s, harmonic n 1 + ring_fall (n - 1)
                                times as fast */
    float chorus, chorus_hz, chorus_s;
    float echo, echo_s, echo_feedback;
} hd_patch;

#endif
