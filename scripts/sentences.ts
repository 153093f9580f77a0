import { type Node, parseSync } from "oxc-parser";

/*
 * Finds sentences for people outside the catalogues (`pages/words*.ts`). In `pages/`: any text of a template,
 * and any literal of several words or with a capital. In the rooms that make page models: the same within a
 * model, and anywhere a literal that begins as only sentences for people do. Hints and debug texts, for
 * developers and the log, begin with a small letter and are told by the name of their property besides.
 */

export interface Finding {
  readonly line: number;
  readonly text: string;
}

/** Rooms whose models a page shows. */
const modelRooms = /\/src\/(?:oauth|http|identity|access)\//;
const pageRoom = /\/src\/pages\/(?!(?:console\/)?words)/;

export const isChecked = (file: string): boolean => modelRooms.test(file) || pageRoom.test(file);

/** The name on every page; no word of any language. */
const names = /\bGatehouse\b/g;
/** Attributes that are read, or read out. */
const readAttributes = /\s(?:aria-label|aria-description|alt|title|placeholder|label)="([^"]*)"/g;
/** Stands for what is put into a template. */
const gap = "\u0000";

/** Several words, or one with a capital. */
const isReadable = (text: string) => /\p{L}{2,}[,;:]?\s+\p{L}+|^\p{Lu}\p{Ll}/u.test(text.replace(names, ""));
/** A capital, at least three words, and a small one among them. */
const beginsAsSentence = (text: string) =>
  /^\p{Lu}(?:[\p{Ll}’'][\p{L}’']*)?,?\s+\S+\s+\S/u.test(text) && /\s\p{Ll}+(?:[\s,.:;!?]|$)/u.test(text);
/** Properties whose text is for developers, operators or the log. */
const forDevelopers = new Set(["hint", "debug", "detail", "message", "error_description", "cause"]);
const pageKinds = new Set([
  ...["consent", "error", "home", "signed-out", "development-sign-in"],
  ...["passkey-sign-in", "invitation", "passkey-registration", "passkey-ready", "passkey-entrance"],
  "own-passkeys",
  "console",
]);

/** @param file its path with slashes, as the rooms are told by it */
export function findSentences(file: string, source: string): Finding[] {
  const { program, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const found: Finding[] = [];
  const isPage = pageRoom.test(file);
  const add = (node: Node, text: string) => {
    const line = source.slice(0, node.start).split("\n").length;
    found.push({ line, text: text.replaceAll(gap, "…").replace(/\s+/g, " ").trim() });
  };

  /** @param inModel true within what a page is made of */
  function visit(node: Node, inModel: boolean): void {
    const text = literalText(node);
    if (text !== undefined) {
      const isForPeople = isPage || inModel ? isReadable(text) : beginsAsSentence(text);
      if (isForPeople) add(node, text);
    }
    if (isHtml(node)) for (const read of readTexts(templateText(node.quasi))) add(node, read);
    const within = inModel || makesModel(node);
    for (const child of readableParts(node)) visit(child, within);
  }

  visit(program, false);
  return found;
}

/** What is inside a node, without what people never read. */
function readableParts(node: Node): Node[] {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
      return [];
    case "TaggedTemplateExpression":
      return isHtml(node) ? node.quasi.expressions : childrenOf(node);
    case "NewExpression":
      // An error's message is for the log; what it carries for people stands in its other arguments.
      return nameOf(node.callee)?.endsWith("Error")
        ? node.arguments.filter((argument) => literalText(argument) === undefined)
        : childrenOf(node);
    case "Property":
      return forDevelopers.has(nameOf(node.key) ?? "") ? [] : childrenOf(node);
    default:
      return childrenOf(node);
  }
}

/**
 * Whether a page is made of what is inside: a call that makes one, an object of a page's kind, or a reason.
 */
function makesModel(node: Node): boolean {
  switch (node.type) {
    case "CallExpression":
      return /^(?:page|\w+Page)$/.test(nameOf(node.callee) ?? "");
    case "Property":
      return nameOf(node.key) === "reason";
    case "ObjectExpression":
      return node.properties.some(isPageKind);
    default:
      return false;
  }
}

/** What a person reads of a template's HTML: its text, and the attributes that are read out. */
function readTexts(markup: string): string[] {
  const text = markup
    .replace(/<[^>]*>/g, " ")
    .replace(/\s[\w-]+="[^"]*"/g, " ")
    .replace(/&\w+;/g, " ");
  const attributes = [...markup.matchAll(readAttributes)].map(([, value = ""]) => value);
  return [text, ...attributes].filter((read) => /\p{L}/u.test(read.replace(names, "")));
}

function literalText(node: Node): string | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  return node.type === "TemplateLiteral" ? templateText(node) : undefined;
}

function templateText({ quasis }: Extract<Node, { type: "TemplateLiteral" }>): string {
  return quasis.map(({ value }) => value.cooked ?? value.raw).join(gap);
}

function isPageKind(property: Node): boolean {
  return (
    property.type === "Property" &&
    nameOf(property.key) === "kind" &&
    pageKinds.has(literalText(property.value) ?? "")
  );
}

function isHtml(node: Node): node is Extract<Node, { type: "TaggedTemplateExpression" }> {
  return node.type === "TaggedTemplateExpression" && nameOf(node.tag) === "html";
}

function nameOf(node: Node): string | undefined {
  return node.type === "Identifier" ? node.name : undefined;
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
