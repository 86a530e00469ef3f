package dev.sluice.quota;

import dev.sluice.wire.Glob;
import dev.sluice.wire.Money;
import java.math.BigDecimal;
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
        boolean builtIn) {

    /**
     * The price and the factors in words, in dollars per million tokens, as the ledger keeps them: {@code gpt-4o-mini
     * in=0.15 cached=0.075 out=0.6}.
     */
    public String words(long groupFactorMillionths, long channelFactorMillionths) {
        StringBuilder words = new StringBuilder(model.pattern());
        word(words, "in", inputNanos);
        word(words, "cached", cachedInputNanos);
        word(words, "write", cacheWriteNanos);
        word(words, "out", outputNanos);
        word(words, "call", callNanos);
        factor(words, "group", groupFactorMillionths);
        factor(words, "channel", channelFactorMillionths);
        return words.toString();
    }

    private static void word(StringBuilder words, String name, @Nullable Long nanos) {
        if (nanos != null) {
            words.append(' ').append(name).append('=').append(Money.usd(nanos).toPlainString());
        }
    }

    private static void factor(StringBuilder words, String name, long millionths) {
        if (millionths != 1_000_000) {
            words.append(' ')
                    .append(name)
                    .append('=')
                    .append(BigDecimal.valueOf(millionths, 6)
                            .stripTrailingZeros()
                            .toPlainString());
        }
    }
}
