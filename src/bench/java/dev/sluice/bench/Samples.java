package dev.sluice.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the rounds of one proxy gave. */
final class Samples {
    private final List<Double> micros = new ArrayList<>();
    private final List<Double> rates = new ArrayList<>();
    private final List<Double> medians = new ArrayList<>();
    private final List<Double> tails = new ArrayList<>();

    void add(double cpuMicros, double rate, Latencies latencies) {
        micros.add(cpuMicros);
        rates.add(rate);
        medians.add((double) latencies.quantile(0.5));
        tails.add((double) latencies.quantile(0.99));
    }

    void clear() {
        micros.clear();
        rates.clear();
        medians.clear();
        tails.clear();
    }

    String last() {
        return String.format(Locale.ROOT, "%.1f µs, %.0f/s", micros.getLast(), rates.getLast());
    }

    double cpuMicros() {
        return median(micros);
    }

    double lowest() {
        return micros.stream().mapToDouble(Double::doubleValue).min().orElse(Double.NaN);
    }

    double highest() {
        return micros.stream().mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
    }

    double rate() {
        return median(rates);
    }

    double medianLatency() {
        return median(medians);
    }

    double tailLatency() {
        return median(tails);
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.isEmpty() ? Double.NaN : sorted.get(sorted.size() / 2);
    }
}
