package dev.sluice;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The map of the house, enforced: who may import whom, and a few habits that a machine can check. */
class ArchitectureTest {
    /** Each room, and the rooms it may import. A room that is not a key here has no place yet: add it with its arrows. */
    private static final Map<String, Set<String>> ROOMS = Map.ofEntries(
            Map.entry("wire", Set.of()),
            Map.entry("console", Set.of()),
            Map.entry("redis", Set.of()),
            Map.entry("database", Set.of("redis", "wire")),
            Map.entry("format", Set.of("wire")),
            Map.entry("vendor", Set.of("format", "wire")),
            Map.entry("server", Set.of("access", "ledger", "wire", "database")),
            Map.entry("access", Set.of("wire", "database")),
            Map.entry("ledger", Set.of("settings", "wire", "database")),
            Map.entry("settings", Set.of("wire", "database")),
            Map.entry("audit", Set.of("wire", "database")),
            Map.entry("notice", Set.of("settings", "wire", "database")),
            Map.entry("credit", Set.of("access", "wire", "database")),
            Map.entry("command", Set.of("access", "channel", "ledger", "wire", "database")),
            Map.entry("limit", Set.of("redis", "wire")),
            Map.entry("quota", Set.of("access", "limit", "wire", "database")),
            Map.entry("channel", Set.of("format", "vendor", "limit", "notice", "settings", "wire", "database")),
            Map.entry("relay", Set.of("access", "quota", "channel", "format", "vendor", "ledger", "settings", "wire")),
            Map.entry(
                    "admin",
                    Set.of(
                            "access",
                            "quota",
                            "channel",
                            "vendor",
                            "ledger",
                            "credit",
                            "audit",
                            "settings",
                            "wire",
                            "database")));

    /** Classes that may wait for a publisher, each with its reason. */
    private static final Set<String> MAY_BLOCK = Set.of(
            // Loads a snapshot while the program starts, on its main thread.
            "dev.sluice.database.Changes",
            // Asks once while the program starts, on its main thread.
            "dev.sluice.redis.Redis",
            // The same.
            "dev.sluice.limit.SharedLimits",
            // Makes the first user while the program starts, on its main thread.
            "dev.sluice.access.RootAccount",
            // Is the whole program: there is no event loop that it could stop.
            "dev.sluice.command.Reconcile",
            // The same.
            "dev.sluice.command.RotateKey",
            // Writes what is left when the program ends, on the thread that ends it.
            "dev.sluice.relay.Pins",
            // Waits on a thread of its own, which does nothing else.
            "dev.sluice.ledger.Ledger",
            // Gives leases back while the program starts or stops, on its main thread.
            "dev.sluice.quota.Quota");

    private static final ArchRule ARROWS = arrows();

    private static final ArchRule NAMES = noClasses()
            .should()
            .haveNameMatching(".*(Impl|Manager|Helper|Utils?|Constants)(\\$.*)?")
            .because("a class is named for what it is; a static helper stands beside its caller");

    private static final ArchRule NO_WAITING = noClasses()
            .that(describe("are not named in MAY_BLOCK", type -> !MAY_BLOCK.contains(type.getName())))
            .should()
            .callMethodWhere(describe("waits for a publisher", ArchitectureTest::waits))
            .because("an event loop that waits stops every call on it");

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.sluice");

    private static final JavaClasses PLANTED = new ClassFileImporter()
            .withImportOption(new ImportOption.OnlyIncludeTests())
            .importPackages("dev.sluice.vendor.planted", "dev.sluice.relay.planted");

    private static ArchRule arrows() {
        CompositeArchRule all = CompositeArchRule.of(
                slices().matching("dev.sluice.(*)..").should().beFreeOfCycles().allowEmptyShould(true));
        for (Map.Entry<String, Set<String>> room : ROOMS.entrySet()) {
            all = all.and(arrowsOf(room.getKey(), room.getValue()));
        }
        return all;
    }

    private static ArchRule arrowsOf(String room, Set<String> allowed) {
        String[] forbidden = ROOMS.keySet().stream()
                .filter(other -> !other.equals(room) && !allowed.contains(other))
                .map(ArchitectureTest::packages)
                .toArray(String[]::new);
        return noClasses()
                .that()
                .resideInAPackage(packages(room))
                .should()
                .dependOnClassesThat(resideInAnyPackage(forbidden))
                .as(room + " imports only " + allowed)
                .allowEmptyShould(true);
    }

    private static String packages(String room) {
        return "dev.sluice." + room + "..";
    }

    private static boolean waits(JavaMethodCall call) {
        boolean publisher = call.getTargetOwner().isAssignableTo(Mono.class)
                || call.getTargetOwner().isAssignableTo(Flux.class);
        return publisher && call.getName().matches("block.*|toIterable|toStream");
    }

    @Test
    void importsFollowTheArrows() {
        ARROWS.check(MAIN);
    }

    @Test
    void everyClassHasARoom() {
        classes()
                .that()
                .resideOutsideOfPackage("dev.sluice")
                .should()
                .resideInAnyPackage(
                        ROOMS.keySet().stream().map(ArchitectureTest::packages).toArray(String[]::new))
                .allowEmptyShould(true)
                .check(MAIN);
    }

    @Test
    void aVendorKnowsNoOtherVendor() {
        slices().matching("dev.sluice.vendor.(*)..")
                .should()
                .notDependOnEachOther()
                .allowEmptyShould(true)
                .check(MAIN);
    }

    @Test
    void namesSayWhatAClassIs() {
        NAMES.check(MAIN);
    }

    @Test
    void nobodyWaitsForAPublisher() {
        NO_WAITING.check(MAIN);
    }

    @Test
    void catchesAPlantedArrow() {
        assertThatThrownBy(() -> ARROWS.check(PLANTED))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("vendor imports only")
                .hasMessageContaining("WrongArrow");
    }

    @Test
    void catchesAPlantedWait() {
        assertThatThrownBy(() -> NO_WAITING.check(PLANTED))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("WrongArrow.waits()");
    }

    @Test
    void catchesAPlantedNameThatSaysNothing() {
        assertThatThrownBy(() -> NAMES.check(PLANTED))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("TargetManager");
    }
}
