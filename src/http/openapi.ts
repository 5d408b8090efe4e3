import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { Server } from './services.ts';

/** Describes every route that is added later at `/openapi.json`, with a page to try calls on at `/docs`. */
export async function describeApi(server: Server): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'OmniTensor community competition',
        version: '1',
        description:
          'Leaderboards that are always exact, and the contributions they are made of. Amounts, rewards and scores are exact decimals, carried as strings. Public communities are read without a key.',
      },
      tags: [
        { name: 'reading', description: 'No key is needed for public communities.' },
        { name: 'contributions', description: 'With a key of the scope `write`.' },
        { name: 'privacy', description: 'With a key of an admin, or one that is bound to the member.' },
        { name: 'administering', description: 'With a key of the scope `admin`.' },
        { name: 'operating', description: 'For whoever runs the server.' },
      ],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await server.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, uiConfig: { tryItOutEnabled: true } });
  server.get('/openapi.json', { schema: { hide: true } }, async () => server.swagger());
}
