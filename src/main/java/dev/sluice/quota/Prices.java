package dev.sluice.quota;

import dev.sluice.database.Changes;
import dev.sluice.database.Database;
import dev.sluice.wire.Glob;
import dev.sluice.wire.Money;
import dev.sluice.wire.Usage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** What models cost: the built-in list (prices.csv), overridden by the operator's, as one immutable snapshot in memory. */
@Component
public final class Prices {
    private static final BigInteger TOKENS = BigInteger.valueOf(1_000_000);
    private static final BigInteger MILLIONTHS = BigInteger.valueOf(1_000_000);

    private final List<Price> builtIn = readBuiltIn();
    private volatile Snapshot snapshot = new Snapshot(builtIn, List.of());

    private static final class Snapshot {
        private final Map<String, Price> exact = new HashMap<>();
        private final List<Price> globs = new ArrayList<>();

        Snapshot(List<Price> builtIn, List<Price> operators) {
            for (List<Price> prices : List.of(builtIn, operators)) {
                for (Price price : prices) {
                    if (price.model().exact()) {
                        exact.put(price.model().pattern(), price);
                    } else {
                        globs.add(price);
                    }
                }
            }
            // The longest first; of two alike the operator's.
            globs.sort((a, b) ->
                    a.model().pattern().length() != b.model().pattern().length()
                            ? b.model().pattern().length() - a.model().pattern().length()
                            : Boolean.compare(a.builtIn(), b.builtIn()));
        }
    }

    Prices(Database database, Changes changes) {
        changes.follow(
                PriceTable.REVISION,
                () -> database.read(PriceTable::all).collectList().flatMap(operators -> {
                    snapshot = new Snapshot(builtIn, operators);
                    return Mono.empty();
                }));
    }

    /** The price of a model, or null when it has none. */
    public @Nullable Price find(String model) {
        Snapshot now = snapshot;
        Price price = now.exact.get(model);
        if (price != null) {
            return price;
        }
        for (Price each : now.globs) {
            if (each.model().matches(model)) {
                return each;
            }
        }
        return null;
    }

    /** The program's own list, which the operator's overrides. */
    public List<Price> builtIn() {
        return builtIn;
    }

    /**
     * Nano-dollars: {@code (prompt − cached − cache write) × input + cached × cached input + cache write × its price +
     * completion × output + the price per call}, times both factors, rounded half up once at the end. A missing cached
     * or cache-write price is the input price: no discount is not a gift.
     *
     * @param groupFactor millionths
     * @param channelFactor millionths
     */
    public static long cost(Price price, Usage usage, long groupFactor, long channelFactor) {
        long input = orZero(price.inputNanos());
        long cached = price.cachedInputNanos() == null ? input : price.cachedInputNanos();
        long write = price.cacheWriteNanos() == null ? input : price.cacheWriteNanos();
        BigInteger perMillion = times(usage.prompt() - usage.cached() - usage.cacheWrite(), input)
                .add(times(usage.cached(), cached))
                .add(times(usage.cacheWrite(), write))
                .add(times(usage.completion(), orZero(price.outputNanos())))
                .add(BigInteger.valueOf(orZero(price.callNanos())).multiply(TOKENS));
        BigInteger divisor = TOKENS.multiply(MILLIONTHS).multiply(MILLIONTHS);
        BigInteger dividend =
                perMillion.multiply(BigInteger.valueOf(groupFactor)).multiply(BigInteger.valueOf(channelFactor));
        BigInteger rounded = dividend.shiftLeft(1).add(divisor).divide(divisor.shiftLeft(1));
        return rounded.bitLength() > 62 ? Long.MAX_VALUE / 2 : Math.max(0, rounded.longValueExact());
    }

    private static BigInteger times(long tokens, long nanos) {
        return BigInteger.valueOf(tokens).multiply(BigInteger.valueOf(nanos));
    }

    private static long orZero(@Nullable Long nanos) {
        return nanos == null ? 0 : nanos;
    }

    private static List<Price> readBuiltIn() {
        try (InputStream file = Prices.class.getResourceAsStream("/prices.csv")) {
            if (file == null) {
                throw new IllegalStateException("prices.csv is missing");
            }
            List<String> lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .toList();
            List<String> names = List.of(lines.getFirst().split(",", -1));
            return lines.stream().skip(1).map(line -> price(names, line)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Price price(List<String> names, String line) {
        String[] cells = line.split(",", -1);
        return new Price(
                null,
                new Glob(cells[names.indexOf("model")]),
                nanos(cells[names.indexOf("input_usd_per_mtok")]),
                nanos(cells[names.indexOf("cached_input_usd_per_mtok")]),
                nanos(cells[names.indexOf("cache_write_usd_per_mtok")]),
                nanos(cells[names.indexOf("output_usd_per_mtok")]),
                nanos(cells[names.indexOf("usd_per_call")]),
                true);
    }

    private static @Nullable Long nanos(String usd) {
        return usd.isBlank() ? null : Money.nanos(new BigDecimal(usd.strip()));
    }
}
