import { accessSection, type DeclaredAccess } from "./access.ts";
import { clientsSection, type DeclaredClients } from "./clients.ts";
import { type DeclaredPeople, peopleSection } from "./people.ts";
import { type DeclaredProviders, providersSection } from "./providers.ts";
import { type DeclaredResources, resourcesSection } from "./resources.ts";
import type { Section } from "./section.ts";
import { type DeclaredSentences, sentencesSection } from "./sentences.ts";
import type { ConfiguredServers } from "./server-schema.ts";
import { serversSection } from "./servers.ts";

/** What the sections of gatehouse.yaml say; one that the file does not have is not there. */
export interface SectionValues {
  readonly providers?: DeclaredProviders;
  readonly resources?: DeclaredResources;
  readonly clients?: DeclaredClients;
  readonly access?: DeclaredAccess;
  readonly people?: DeclaredPeople;
  readonly servers?: ConfiguredServers;
  readonly sentences?: DeclaredSentences;
}

/** Every section, in the order of the docs. */
export const sections: { readonly [K in keyof SectionValues]-?: Section<NonNullable<SectionValues[K]>> } = {
  providers: providersSection,
  resources: resourcesSection,
  clients: clientsSection,
  access: accessSection,
  people: peopleSection,
  servers: serversSection,
  sentences: sentencesSection,
};

/** The same for those who treat all alike: what each holds is known to its own file. */
export const namedSections = Object.entries(sections as unknown as Record<string, Section<unknown>>).map(
  ([name, section]) => ({ ...section, name }),
);

export const sectionNames: readonly string[] = Object.keys(sections);
