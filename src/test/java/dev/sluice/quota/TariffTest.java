package dev.sluice.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Glob;
import dev.sluice.wire.Money;
import dev.sluice.wire.Usage;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TariffTest {
    private static final long ONE = 1_000_000;

    private static Tariff tariff(
            @Nullable String in, @Nullable String cached, @Nullable String out, @Nullable String call) {
        Price.Text text = new Price.Text(nanos(in), nanos(cached), null, null, nanos(out));
        return new Tariff(new Price(
                null,
                new Glob("m"),
                text,
                Price.Media.NONE,
                new Price.Units(nanos(call), null, null),
                Price.Tiers.NONE,
                null,
                false));
    }

    private static @Nullable Long nanos(@Nullable String usd) {
        return usd == null ? null : Money.nanos(new BigDecimal(usd));
    }

    private static Usage usage(long prompt, long cached, long completion) {
        return new Usage(prompt, cached, 0, completion, 0, false);
    }

    @Test
    void isExact() {
        Tariff mini = tariff("0.15", "0.075", "0.6", null);

        assertThat(mini.cost(usage(19, 0, 10), ONE, ONE)).isEqualTo(2_850 + 6_000);
        assertThat(mini.cost(usage(19, 8, 10), ONE, ONE)).isEqualTo(11 * 150 + 8 * 75 + 6_000);
    }

    @Test
    void chargesCachedTokensLikeOthers_whereNoDiscountIsListed() {
        assertThat(tariff("0.15", null, "0.6", null).cost(usage(10, 10, 0), ONE, ONE))
                .isEqualTo(1_500);
    }

    @Test
    void roundsHalfUp_onceAtTheEnd() {
        Tariff tiny = tariff("0.0000005", null, null, null); // half a nano-dollar for a thousand tokens

        assertThat(tiny.cost(usage(1_000, 0, 0), ONE, ONE)).isEqualTo(1);
        assertThat(tiny.cost(usage(999, 0, 0), ONE, ONE)).isZero();
        assertThat(tiny.cost(usage(1_000, 0, 0), 3 * ONE, ONE)).isEqualTo(2);
        assertThat(tiny.cost(usage(1_000, 0, 0), 1_500_000, 2 * ONE)).isEqualTo(2);
    }

    @Test
    void addsThePriceOfTheCall_andAppliesBothFactors() {
        assertThat(tariff("1", null, "2", "0.01").cost(usage(1_000_000, 0, 1_000_000), 500_000, 1_200_000))
                .isEqualTo(Money.nanos(new BigDecimal("1.806")));
    }

    private static Tariff tariff(Price.Units units, Price.Tiers tiers, Price.@Nullable LongContext beyond) {
        Price.Text text = new Price.Text(nanos("5"), nanos("0.5"), nanos("6.25"), null, nanos("30"));
        return new Tariff(new Price(null, new Glob("m"), text, Price.Media.NONE, units, tiers, beyond, false));
    }

    @Test
    void chargesMinutesAndCharacters_exactly() {
        Tariff whisper = new Tariff(new Price(
                null,
                new Glob("m"),
                new Price.Text(null, null, null, null, null),
                Price.Media.NONE,
                new Price.Units(null, nanos("0.006"), nanos("15")),
                Price.Tiers.NONE,
                null,
                false));

        assertThat(whisper.cost(Usage.NONE.heard(60_000), ONE, ONE)).isEqualTo(nanos("0.006"));
        assertThat(whisper.cost(Usage.NONE.heard(1_000), ONE, ONE)).isEqualTo(nanos("0.0001"));
        assertThat(whisper.cost(Usage.NONE.heard(1_000), ONE, 3 * ONE)).isEqualTo(nanos("0.0003"));
        assertThat(whisper.cost(Usage.NONE.heard(1), ONE, ONE)).isEqualTo(100);
        assertThat(whisper.cost(Usage.NONE.spoken(5), ONE, ONE)).isEqualTo(nanos("0.000075"));
        assertThat(whisper.cost(Usage.NONE.heard(Long.MAX_VALUE).spoken(Long.MAX_VALUE), ONE, ONE))
                .isPositive();
    }

    @Test
    void chargesTheTier_itsCachesAndItsLongContextInProportion() {
        Price.Tiers tiers = new Price.Tiers(nanos("2.5"), nanos("15"), nanos("10"), null);
        Tariff list =
                tariff(Price.Units.NONE, tiers, new Price.LongContext(1_000, nanos("10"), nanos("1"), nanos("45")));
        Usage small = new Usage(100, 40, 20, 10, 0, false);
        Usage large = new Usage(2_000, 500, 0, 10, 0, false);

        assertThat(list.cost(small, ONE, ONE)).isEqualTo(40 * 5_000 + 40 * 500 + 20 * 6_250 + 10 * 30_000);
        assertThat(list.cost(small.at(Usage.Tier.FLEX), ONE, ONE))
                .isEqualTo(40 * 2_500 + 40 * 250 + 20 * 3_125 + 10 * 15_000);
        assertThat(list.cost(small.at(Usage.Tier.PRIORITY), ONE, ONE))
                .isEqualTo(40 * 10_000 + 40 * 1_000 + 20 * 12_500 + 10 * 30_000);
        assertThat(list.cost(large.at(Usage.Tier.FLEX), ONE, ONE)).isEqualTo(1_500 * 5_000 + 500 * 500 + 10 * 22_500);
        assertThat(list.words(large.at(Usage.Tier.FLEX), ONE, ONE))
                .isEqualTo("m in=5 cached=0.5 write=6.25 out=22.5 long flex");
        assertThat(tariff(Price.Units.NONE, Price.Tiers.NONE, null).cost(small.at(Usage.Tier.PRIORITY), ONE, ONE))
                .isEqualTo(list.cost(small, ONE, ONE));
    }

    @Test
    void neverOverflows() {
        assertThat(tariff("9000000", null, null, null).cost(usage(Long.MAX_VALUE, 0, 0), ONE * 1000, ONE))
                .isPositive();
    }

    @Test
    void writesMoneyPlainly() {
        assertThat(Money.usd(8_850).toPlainString()).isEqualTo("0.00000885");
        assertThat(Money.usd(0).toPlainString()).isEqualTo("0");
        assertThat(Money.usd(100 * Money.NANOS_PER_USD).toPlainString()).isEqualTo("100");
        assertThat(Money.usd(-1).toPlainString()).isEqualTo("-0.000000001");
    }
}
