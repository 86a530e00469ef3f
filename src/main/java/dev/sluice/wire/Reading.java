package dev.sluice.wire;

import java.util.function.LongSupplier;

/** What is known of an answer's usage while it goes by. */
public interface Reading {
    /**
     * What was used up to now: the vendor's word where it gave one, else a count, which is marked as an estimate.
     *
     * @param prompt counts the prompt's tokens, when the vendor did not
     */
    Usage usage(LongSupplier prompt, boolean generates);
}
