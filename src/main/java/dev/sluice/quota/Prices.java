package dev.sluice.quota;

import dev.sluice.database.Changes;
import dev.sluice.database.Database;
import dev.sluice.wire.Glob;
import dev.sluice.wire.Money;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** What models cost: the built-in list (prices.csv), overridden by the operator's, as one immutable snapshot in memory. */
@Component
public final class Prices {
    private final List<Price> builtIn = readBuiltIn();
    private volatile Snapshot snapshot = new Snapshot(builtIn, List.of());

    /** A price of many models. */
    private record Pattern(Price price, Tariff tariff) {}

    private static final class Snapshot {
        private final Map<String, Tariff> exact = new HashMap<>();
        private final List<Pattern> globs = new ArrayList<>();

        Snapshot(List<Price> builtIn, List<Price> operators) {
            for (List<Price> prices : List.of(builtIn, operators)) {
                for (Price price : prices) {
                    if (price.model().exact()) {
                        exact.put(price.model().pattern(), new Tariff(price));
                    } else {
                        globs.add(new Pattern(price, new Tariff(price)));
                    }
                }
            }
            // The longest first; of two alike the operator's.
            globs.sort(Comparator.<Pattern>comparingInt(
                            each -> -each.price().model().pattern().length())
                    .thenComparing(each -> each.price().builtIn()));
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

    /** What a model costs, or null when it has no price. */
    public @Nullable Tariff find(String model) {
        Snapshot now = snapshot;
        Tariff tariff = now.exact.get(model);
        if (tariff != null) {
            return tariff;
        }
        for (Pattern each : now.globs) {
            if (each.price().model().matches(model)) {
                return each.tariff();
            }
        }
        return null;
    }

    /** The program's own list, which the operator's overrides. */
    public List<Price> builtIn() {
        return builtIn;
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
        Row row = new Row(names, line.split(",", -1));
        String threshold = row.cell("long_context_tokens");
        return new Price(
                null,
                new Glob(row.cell("model")),
                new Price.Text(
                        row.nanos("input_usd_per_mtok"),
                        row.nanos("cached_input_usd_per_mtok"),
                        row.nanos("cache_write_usd_per_mtok"),
                        row.nanos("cache_write_1h_usd_per_mtok"),
                        row.nanos("output_usd_per_mtok")),
                new Price.Media(
                        row.nanos("audio_input_usd_per_mtok"),
                        row.nanos("cached_audio_input_usd_per_mtok"),
                        row.nanos("audio_output_usd_per_mtok"),
                        row.nanos("image_input_usd_per_mtok"),
                        row.nanos("image_output_usd_per_mtok")),
                new Price.Units(row.nanos("usd_per_call"), row.nanos("usd_per_minute"), row.nanos("usd_per_mchar")),
                new Price.Tiers(
                        row.nanos("flex_input_usd_per_mtok"),
                        row.nanos("flex_output_usd_per_mtok"),
                        row.nanos("priority_input_usd_per_mtok"),
                        row.nanos("priority_output_usd_per_mtok")),
                threshold.isEmpty()
                        ? null
                        : new Price.LongContext(
                                Long.parseLong(threshold),
                                row.nanos("long_input_usd_per_mtok"),
                                row.nanos("long_cached_input_usd_per_mtok"),
                                row.nanos("long_output_usd_per_mtok")),
                true);
    }

    /** A line of the file. */
    private record Row(List<String> names, String[] cells) {
        String cell(String name) {
            return cells[names.indexOf(name)].strip();
        }

        @Nullable
        Long nanos(String name) {
            String usd = cell(name);
            return usd.isEmpty() ? null : Money.nanos(new BigDecimal(usd));
        }
    }
}
