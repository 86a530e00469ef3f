package dev.sluice.quota;

import static java.util.Objects.requireNonNullElse;

import dev.sluice.wire.Money;
import dev.sluice.wire.Usage;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * A price ready to be charged: every gap of a {@link Price} is filled once, when prices change, so that a call only
 * multiplies. Immutable.
 *
 * <p>Gaps: cached input, cache writes, audio and images cost what text input or output costs, since no discount is not a
 * gift; a cache write for an hour costs what one for minutes does, cached audio what audio does. With a long context a cache write grows
 * as the input does, because vendors state it as a multiple of that (1.25 or 2 times); so do caching and a long context with the
 * prices of another tier, of which lists state input and output alone.
 */
public final class Tariff {
    /** What the ledger has room for, less what the factors need. */
    private static final int LONGEST = 250;

    private static final long UNIT = 1_000_000;
    private static final BigInteger TOKENS = BigInteger.valueOf(UNIT);
    private static final BigInteger FACTORS = BigInteger.valueOf(UNIT * UNIT);

    private static final int TIERS = Usage.Tier.values().length;

    private final Stated[] normal = new Stated[TIERS];
    private final Stated[] longer = new Stated[TIERS];
    private final long moreThanTokens;
    private final long callNanos;
    private final long minuteNanos;
    private final long mcharNanos;

    /** Prices, and how the ledger tells them. */
    private record Stated(Rates rates, String words) {}

    /** Nano-dollars per million tokens, without gaps. */
    private record Rates(
            long input,
            long cached,
            long write,
            long hourWrite,
            long output,
            long audioInput,
            long audioCached,
            long audioOutput,
            long imageInput,
            long imageOutput) {}

    Tariff(Price price) {
        Price.Text text = price.text();
        Price.LongContext beyond = price.longContext();
        Price.Text grown = beyond == null ? text : grown(text, beyond);
        for (Usage.Tier tier : Usage.Tier.values()) {
            normal[tier.ordinal()] = stated(price, text, tier, "");
            longer[tier.ordinal()] = stated(price, grown, tier, " long");
        }
        moreThanTokens = beyond == null ? Long.MAX_VALUE : beyond.moreThanTokens();
        callNanos = orZero(price.units().callNanos());
        minuteNanos = orZero(price.units().minuteNanos());
        mcharNanos = orZero(price.units().mcharNanos());
    }

    /** As much dearer or cheaper than the text prices as the tier's input and output are. */
    private static Stated stated(Price price, Price.Text text, Usage.Tier tier, String size) {
        Price.Tiers tiers = price.tiers();
        Long input = switch (tier) {
            case STANDARD -> null;
            case FLEX -> tiers.flexInputNanos();
            case PRIORITY -> tiers.priorityInputNanos();
        };
        Long output = switch (tier) {
            case STANDARD -> null;
            case FLEX -> tiers.flexOutputNanos();
            case PRIORITY -> tiers.priorityOutputNanos();
        };
        if (input == null && output == null) {
            return new Stated(rates(text, price.media()), words(price, text) + size);
        }
        Long before = price.text().inputNanos();
        Price.Text other = new Price.Text(
                scaled(text.inputNanos(), before, input),
                scaled(text.cachedInputNanos(), before, input),
                scaled(text.cacheWriteNanos(), before, input),
                scaled(text.hourWriteNanos(), before, input),
                scaled(text.outputNanos(), price.text().outputNanos(), output));
        String name = tier == Usage.Tier.FLEX ? " flex" : " priority";
        return new Stated(rates(other, price.media()), words(price, other) + size + name);
    }

    private static Rates rates(Price.Text text, Price.Media media) {
        long input = orZero(text.inputNanos());
        long cached = requireNonNullElse(text.cachedInputNanos(), input);
        long write = requireNonNullElse(text.cacheWriteNanos(), input);
        long output = orZero(text.outputNanos());
        long audio = requireNonNullElse(media.audioInputNanos(), input);
        long cachedAudio = media.audioInputNanos() == null ? cached : audio;
        return new Rates(
                input,
                cached,
                write,
                requireNonNullElse(text.hourWriteNanos(), write),
                output,
                audio,
                requireNonNullElse(media.cachedAudioInputNanos(), cachedAudio),
                requireNonNullElse(media.audioOutputNanos(), output),
                requireNonNullElse(media.imageInputNanos(), input),
                requireNonNullElse(media.imageOutputNanos(), output));
    }

    /** The text prices of a long context: they replace those of the whole call. */
    private static Price.Text grown(Price.Text text, Price.LongContext beyond) {
        Long input = beyond.inputNanos() == null ? text.inputNanos() : beyond.inputNanos();
        boolean stated = beyond.cachedInputNanos() != null || beyond.inputNanos() != null;
        return new Price.Text(
                input,
                stated ? beyond.cachedInputNanos() : text.cachedInputNanos(),
                scaled(text.cacheWriteNanos(), text.inputNanos(), input),
                scaled(text.hourWriteNanos(), text.inputNanos(), input),
                beyond.outputNanos() == null ? text.outputNanos() : beyond.outputNanos());
    }

    private static @Nullable Long scaled(@Nullable Long price, @Nullable Long before, @Nullable Long after) {
        if (price == null || before == null || after == null || before == 0) {
            return price;
        }
        return BigInteger.valueOf(price)
                .multiply(BigInteger.valueOf(after))
                .divide(BigInteger.valueOf(before))
                .longValueExact();
    }

    /**
     * Nano-dollars of a call: tokens times their prices plus the price per call, times both factors, rounded half up once at
     * the end.
     *
     * @param groupFactor millionths
     * @param channelFactor millionths
     */
    public long cost(Usage usage, long groupFactor, long channelFactor) {
        Rates rates = stated(usage).rates;
        if (groupFactor == UNIT && channelFactor == UNIT) {
            try {
                return Math.max(0, Math.addExact(perMillion(rates, usage), UNIT / 2) / UNIT);
            } catch (ArithmeticException tooLarge) {
                // beyond nine dollars or so for a thousand tokens: the long way below
            }
        }
        BigInteger dividend = exactly(rates, usage)
                .multiply(BigInteger.valueOf(groupFactor))
                .multiply(BigInteger.valueOf(channelFactor));
        BigInteger divisor = TOKENS.multiply(FACTORS);
        BigInteger rounded = dividend.shiftLeft(1).add(divisor).divide(divisor.shiftLeft(1));
        return rounded.bitLength() > 62 ? Long.MAX_VALUE / 2 : Math.max(0, rounded.longValueExact());
    }

    /** The prices used and the factors in words, in dollars per million tokens, as the ledger keeps them: {@code gpt-4o-mini in=0.15 cached=0.075 out=0.6}. */
    public String words(Usage usage, long groupFactor, long channelFactor) {
        String stated = stated(usage).words;
        return groupFactor == UNIT && channelFactor == UNIT
                ? stated
                : stated + factor("group", groupFactor) + factor("channel", channelFactor);
    }

    private Stated stated(Usage usage) {
        return (usage.prompt() > moreThanTokens ? longer : normal)
                [usage.kinds().tier().ordinal()];
    }

    private long perMillion(Rates rates, Usage usage) {
        Usage.Kinds kinds = usage.kinds();
        long sound = Math.multiplyExact(Math.multiplyExact(kinds.soundMillis(), minuteNanos), 50) / 3; // as below
        long sum = Math.addExact(Math.multiplyExact(callNanos, UNIT), sound);
        sum = Math.addExact(sum, Math.multiplyExact(kinds.characters(), mcharNanos));
        long[] tokens = tokens(usage);
        long[] prices = prices(rates);
        for (int each = 0; each < tokens.length; each++) {
            sum = Math.addExact(sum, Math.multiplyExact(tokens[each], prices[each]));
        }
        return sum;
    }

    private BigInteger exactly(Rates rates, Usage usage) {
        Usage.Kinds kinds = usage.kinds();
        BigInteger sound = BigInteger.valueOf(kinds.soundMillis()) // of which 60,000 make a minute
                .multiply(BigInteger.valueOf(minuteNanos))
                .multiply(BigInteger.valueOf(50))
                .divide(BigInteger.valueOf(3));
        BigInteger sum = BigInteger.valueOf(callNanos)
                .multiply(TOKENS)
                .add(sound)
                .add(BigInteger.valueOf(kinds.characters()).multiply(BigInteger.valueOf(mcharNanos)));
        long[] tokens = tokens(usage);
        long[] prices = prices(rates);
        for (int each = 0; each < tokens.length; each++) {
            sum = sum.add(BigInteger.valueOf(tokens[each]).multiply(BigInteger.valueOf(prices[each])));
        }
        return sum;
    }

    /** What a call used, each token once, in the order of {@link #prices}. */
    private static long[] tokens(Usage usage) {
        Usage.Kinds kinds = usage.kinds();
        long audio = kinds.audioPrompt() - kinds.audioCached();
        return new long[] {
            usage.prompt() - usage.cached() - usage.cacheWrite() - audio - kinds.imagePrompt(),
            usage.cached() - kinds.audioCached(),
            usage.cacheWrite() - kinds.hourWrite(),
            kinds.hourWrite(),
            usage.completion() - kinds.audioCompletion() - kinds.imageCompletion(),
            audio,
            kinds.audioCached(),
            kinds.audioCompletion(),
            kinds.imagePrompt(),
            kinds.imageCompletion()
        };
    }

    private static long[] prices(Rates rates) {
        return new long[] {
            rates.input,
            rates.cached,
            rates.write,
            rates.hourWrite,
            rates.output,
            rates.audioInput,
            rates.audioCached,
            rates.audioOutput,
            rates.imageInput,
            rates.imageOutput
        };
    }

    private static String words(Price price, Price.Text text) {
        Price.Media media = price.media();
        String numbers = word("in", text.inputNanos())
                + word("cached", text.cachedInputNanos())
                + word("write", text.cacheWriteNanos())
                + word("write1h", text.hourWriteNanos())
                + word("out", text.outputNanos())
                + word("audio-in", media.audioInputNanos())
                + word("audio-cached", media.cachedAudioInputNanos())
                + word("audio-out", media.audioOutputNanos())
                + word("image-in", media.imageInputNanos())
                + word("image-out", media.imageOutputNanos())
                + word("call", price.units().callNanos())
                + word("minute", price.units().minuteNanos())
                + word("mchar", price.units().mcharNanos());
        String model = price.model().pattern();
        int room = LONGEST - numbers.length();
        return (model.length() <= room ? model : model.substring(0, room - 1) + "…") + numbers;
    }

    private static String word(String name, @Nullable Long nanos) {
        return nanos == null ? "" : " " + name + "=" + Money.text(nanos);
    }

    private static String factor(String name, long millionths) {
        return millionths == UNIT
                ? ""
                : " " + name + "="
                        + BigDecimal.valueOf(millionths, 6).stripTrailingZeros().toPlainString();
    }

    private static long orZero(@Nullable Long nanos) {
        return nanos == null ? 0 : nanos;
    }
}
