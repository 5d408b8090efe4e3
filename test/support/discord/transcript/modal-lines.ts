import { ComponentType } from 'discord.js';
import type { Component } from '../component.ts';
import type { StandInModal } from '../interaction.ts';
import { visible } from './markdown.ts';

/** A form drawn: its title, and each field with its label. */
export function modalLines({ title, components }: StandInModal): string[] {
  return [
    `╔═ ${visible(title)} ${'═'.repeat(Math.max(0, 44 - Array.from(title).length))}`,
    ...components.flatMap((component) => fieldLines(component)).map((line) => `║ ${line}`.trimEnd()),
    `╚${'═'.repeat(47)}`,
  ];
}

function fieldLines(component: Component): string[] {
  const { type, label, description, required, options, value, placeholder, content } = component;
  const heading = label === undefined ? [] : [`${visible(label)}${required === false ? '' : ' *'}`];
  if (type === ComponentType.Label) {
    const inner = component.component ? fieldLines(component.component) : [];
    return [visible(label ?? ''), ...(description ? [visible(description)] : []), ...inner];
  }
  if (type === ComponentType.TextDisplay) return visible(content ?? '').split('\n');
  if (type === ComponentType.TextInput) return [...heading, `[ ${visible(value ?? placeholder ?? '')} ▁▁▁ ]`];
  if (type === ComponentType.FileUpload) return ['[ 📎 upload ]'];
  if (options) return options.map((option) => `  ${option.default ? '◉' : '○'} ${visible(option.label)}`);
  if (component.components) return component.components.flatMap((one) => fieldLines(one));
  return [`[ ${visible(placeholder ?? '')} ▾ ]`];
}
