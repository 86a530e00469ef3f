package dev.sluice.format;

import org.jspecify.annotations.Nullable;

/**
 * What an answer says of the call it answers.
 *
 * @param id the call's own, from which the answer's is made
 * @param model as the caller named it
 * @param createdAt epoch milliseconds
 * @param usageWanted whether a stream shows its usage, in a form where that is a choice
 * @param promptEstimate for forms that tell the prompt's size before the vendor did
 * @param question what is answered, for forms that repeat some of it; null: it is not known
 */
public record Heading(
        String id,
        String model,
        long createdAt,
        boolean usageWanted,
        long promptEstimate,
        @Nullable Question question) {

    long createdSeconds() {
        return createdAt / 1000;
    }
}
