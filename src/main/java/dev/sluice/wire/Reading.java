package dev.sluice.wire;

/** What is known of an answer's usage while it goes by. */
public interface Reading {
    /** What was used up to now: the vendor's word where it gave one, else a count, which is marked as an estimate. */
    Usage usage(long promptEstimate, boolean generates);
}
