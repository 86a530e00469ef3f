package dev.sluice.quota;

import dev.sluice.wire.Glob;
import org.jspecify.annotations.Nullable;

/**
 * What a model costs: nano-dollars per million tokens, or nano-dollars per call. Absent: no such price.
 *
 * @param model a name or a glob; among those that match, the longest wins
 * @param callNanos a flat price per call, added to whatever the tokens cost
 * @param builtIn whether it is of the program's own list, which the operator overrides but does not change
 */
public record Price(
        @Nullable Long id,
        Glob model,
        @Nullable Long inputNanos,
        @Nullable Long cachedInputNanos,
        @Nullable Long cacheWriteNanos,
        @Nullable Long outputNanos,
        @Nullable Long callNanos,
        boolean builtIn) {}
