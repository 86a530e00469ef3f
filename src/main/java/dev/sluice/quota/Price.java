package dev.sluice.quota;

import dev.sluice.wire.Glob;
import org.jspecify.annotations.Nullable;

/**
 * What a model costs, as a list states it: nano-dollars per million tokens, or of a {@link Units unit}. Absent: not stated.
 * {@link Tariff} says what is charged then.
 *
 * @param model a name or a glob; among those that match, the longest wins
 * @param text of what is read and written as text, and of everything that has no price of its own
 * @param media of audio and images
 * @param units of what is not counted in tokens, added to whatever those cost
 * @param tiers what takes the place of input and output in an answer of another tier than the standard one
 * @param longContext what takes the place of the text prices when the prompt is long; null: nothing does
 * @param builtIn whether it is of the program's own list, which the operator overrides but does not change
 */
public record Price(
        @Nullable Long id,
        Glob model,
        Text text,
        Media media,
        Units units,
        Tiers tiers,
        @Nullable LongContext longContext,
        boolean builtIn) {

    /** @param hourWriteNanos of a cache write that is kept for an hour */
    public record Text(
            @Nullable Long inputNanos,
            @Nullable Long cachedInputNanos,
            @Nullable Long cacheWriteNanos,
            @Nullable Long hourWriteNanos,
            @Nullable Long outputNanos) {}

    public record Media(
            @Nullable Long audioInputNanos,
            @Nullable Long cachedAudioInputNanos,
            @Nullable Long audioOutputNanos,
            @Nullable Long imageInputNanos,
            @Nullable Long imageOutputNanos) {
        public static final Media NONE = new Media(null, null, null, null, null);
    }

    /**
     * @param minuteNanos of a recording, where the vendor counts its length
     * @param mcharNanos a million characters of a text that is spoken
     */
    public record Units(
            @Nullable Long callNanos,
            @Nullable Long minuteNanos,
            @Nullable Long mcharNanos) {
        public static final Units NONE = new Units(null, null, null);
    }

    public record Tiers(
            @Nullable Long flexInputNanos,
            @Nullable Long flexOutputNanos,
            @Nullable Long priorityInputNanos,
            @Nullable Long priorityOutputNanos) {
        public static final Tiers NONE = new Tiers(null, null, null, null);
    }

    /** @param moreThanTokens prompt tokens beyond which the whole call costs this */
    public record LongContext(
            long moreThanTokens,
            @Nullable Long inputNanos,
            @Nullable Long cachedInputNanos,
            @Nullable Long outputNanos) {}

    public Price withId(@Nullable Long other) {
        return new Price(other, model, text, media, units, tiers, longContext, builtIn);
    }
}
