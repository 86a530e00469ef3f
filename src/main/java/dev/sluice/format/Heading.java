package dev.sluice.format;

/**
 * What an answer says of the call it answers.
 *
 * @param id the call's own, from which the answer's is made
 * @param model as the caller named it
 * @param createdAt epoch milliseconds
 * @param usageWanted whether a stream shows its usage, in a form where that is a choice
 * @param promptEstimate for forms that tell the prompt's size before the vendor did
 */
public record Heading(String id, String model, long createdAt, boolean usageWanted, long promptEstimate) {

    long createdSeconds() {
        return createdAt / 1000;
    }
}
