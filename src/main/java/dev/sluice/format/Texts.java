package dev.sluice.format;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Texts whose embeddings are asked for.
 *
 * @param dimensions how long the vectors should be; null: the model's own length
 * @param purpose in Google's words, such as {@code RETRIEVAL_QUERY}; null: none given
 * @param base64 whether the vectors are to be told as base64 of little-endian floats
 */
public record Texts(
        List<String> texts,
        @Nullable Long dimensions,
        @Nullable String purpose,
        @Nullable String title,
        boolean base64) implements Question {
    public Texts {
        texts = List.copyOf(texts);
    }
}
